using System.CommandLine;
using Harness.Matrix;
using Harness.Workers.Backends;

namespace Harness.Cli.Commands;

/// <summary><c>harness backends</c>: the engines there are, and installing them.</summary>
internal static class BackendsCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create() => new("backends", "Lists the backends, and installs them.") { CreateList(), CreateInstall(), LearnCommand.Create() };

    private static Command CreateList()
    {
        Option<string?> catalogue = CatalogueOption();
        var json = new Option<bool>("--json") { Description = "Prints a JSON array, one object a build, and nothing else." };
        var command = new Command(
            "list",
            """
            Lists every build: whether it is installed, how to get it.

            Listed are those of the catalogue and of the store. Installed builds lie under HARNESS_HOME, by default the platform's cache directory. The digest is sha256 over
            the libraries, as `sha256sum` lists them sorted by name.

            Examples:
              harness backends list
              harness backends list --json
            """)
        {
            catalogue, json,
        };
        command.SetAction(parsed => CommandErrors.Guard(() =>
        {
            IReadOnlyList<BackendLine> lines = BackendLines.Of(Load(parsed.GetValue(catalogue)), Store());
            if (parsed.GetValue(json))
                BackendTable.WriteJson(lines);
            else
                BackendTable.Show(lines);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static Command CreateInstall()
    {
        var backend = new Argument<string>("BACKEND") { Description = "llama.cpp@BUILD, or llama.cpp for the newest build of the catalogue." };
        Option<string?> catalogue = CatalogueOption();
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "install",
            """
            Installs a prebuilt backend through npm.

            It goes into the harness's own store. The user's own npm fetches the package, with its registry and proxy; nothing is executed from it. The archive
            is checked against the integrity npm gives. A build that is there already is left as it is.

            Examples:
              harness backends install llama.cpp
              harness backends install llama.cpp@b8390

            Exit status: 0 it is installed; 1 it could not be had; 2 there is no such build.
            """)
        {
            backend, catalogue, json,
        };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(async () =>
        {
            BackendSpec spec = BackendLines.Spec(parsed.GetRequiredValue(backend), Load(parsed.GetValue(catalogue)));
            bool quiet = parsed.GetValue(json) || Console.IsErrorRedirected;
            InstalledBackend installed = await Store().InstallAsync(spec, quiet ? null : new Said(), cancellation).ConfigureAwait(false);
            BackendLine line = BackendLines.Of(installed);
            if (parsed.GetValue(json))
                BackendTable.WriteJson(line);
            else
                BackendTable.ShowInstalled(line);
            return ExitStatus.Done;
        }));
        return command;
    }

    private static Option<string?> CatalogueOption() => new("--catalogue")
    {
        Description = "The catalogue's directory; by default that of the nearest matrix.yaml.",
        HelpName = "DIR",
    };

    private static BackendStore Store() => new(HarnessHome.Locate());

    private static Catalogue Load(string? named) => named switch
    {
        null => CatalogueFiles.Catalogue(),
        _ when Directory.Exists(named) => Catalogue.Load(named),
        _ => throw new CommandException(
            ExitStatus.Usage, "there is no such directory", $"--catalogue {named}", "Give the directory that holds models/, backends/, prompts/ and hardware/."),
    };

    /// <summary>Progress on a terminal's standard error: a line for each step.</summary>
    private sealed class Said : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine($"{value} …");
    }
}
