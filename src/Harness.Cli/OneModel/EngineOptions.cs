using System.CommandLine;
using System.Globalization;
using Harness.Runner.OneModel;
using Harness.Workers.Backends;

namespace Harness.Cli.OneModel;

/// <summary>The options by which commands that run one model choose what computes: libraries of one's own and threads.</summary>
internal sealed class EngineOptions
{
    private const int MostThreads = 1024;

    private readonly Option<string?> _llamaCpp = new("--llama-cpp")
    {
        Description = "llama.cpp libraries of your own; they are then what llama.cpp means.",
        HelpName = "DIR",
    };

    private readonly Option<int?> _threads = new("--threads") { Description = "Threads that compute; by default one a processor.", HelpName = "N" };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_llamaCpp);
        command.Options.Add(_threads);
    }

    /// <summary>Whether libraries of one's own were named.</summary>
    public bool OwnLlamaCpp(ParseResult parsed) => parsed.GetValue(_llamaCpp) is not null;

    /// <summary>The backends there are.</summary>
    public BackendChoice Backends(ParseResult parsed) =>
        new(new BackendStore(HarnessHome.Locate()), HarnessExecutable.Path, parsed.GetValue(_llamaCpp), CatalogueFiles.Catalogue);

    /// <summary>The number of threads.</summary>
    /// <exception cref="CommandException">It is none.</exception>
    public int Threads(ParseResult parsed) => Checked(parsed.GetValue(_threads)) ?? Environment.ProcessorCount;

    /// <summary>A number of threads that was asked for.</summary>
    /// <param name="asked">The number, or null for none.</param>
    /// <exception cref="CommandException">It is none.</exception>
    public static int? Checked(int? asked) => asked switch
    {
        null => null,
        >= 1 and <= MostThreads => asked,
        int wrong => throw new CommandException(
            ExitStatus.Usage, string.Create(CultureInfo.InvariantCulture, $"{wrong} is no number of threads"), "--threads",
            string.Create(CultureInfo.InvariantCulture, $"Give a number from 1 to {MostThreads}.")),
    };
}
