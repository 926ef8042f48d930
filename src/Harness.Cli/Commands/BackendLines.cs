using Harness.Cli.Help;
using Harness.Matrix;
using Harness.Runner.Hardware;
using Harness.Workers.Backends;

namespace Harness.Cli.Commands;

/// <summary>One build, as <c>harness backends</c> shows it.</summary>
/// <param name="Backend">As <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="State"><c>built in</c>, <c>installed</c>, <c>absent</c> or <c>unavailable</c>.</param>
/// <param name="From">Where it came from or would come from, or null.</param>
/// <param name="Upstream">What the packager says it built, or null.</param>
/// <param name="Digest">sha256 over its libraries, where it is installed.</param>
/// <param name="Integrity">The packages' integrity as npm gave it, where it is installed.</param>
/// <param name="Directory">Where it lies; the home directory shown as <c>~</c>.</param>
/// <param name="Installed">When it was installed, UTC.</param>
/// <param name="HowTo">How to get it, or null where it is there.</param>
internal sealed record BackendLine(
    string Backend,
    string State,
    string? From = null,
    string? Upstream = null,
    string? Digest = null,
    IReadOnlyList<string>? Integrity = null,
    string? Directory = null,
    DateTimeOffset? Installed = null,
    string? HowTo = null);

/// <summary>Joins what the catalogue lists with what the store holds.</summary>
internal static class BackendLines
{
    /// <summary>Every build of the catalogue, and what else is installed.</summary>
    public static IReadOnlyList<BackendLine> Of(Catalogue catalogue, BackendStore store)
    {
        var installed = store.List().ToDictionary(backend => backend.Id);
        var lines = new List<BackendLine>();
        foreach (BackendBuild build in catalogue.Backends.SelectMany(backend => backend.Builds))
        {
            string id = build.Id.ToString();
            if (build.IsBuiltIn)
                lines.Add(new BackendLine(id, "built in", From: $"harness {ProgramText.Version}, {Harness.Engine.Model.InstructionSet}"));
            else if (installed.Remove(id, out InstalledBackend? there))
                lines.Add(Of(there));
            else
                lines.Add(Missing(build));
        }

        lines.AddRange(installed.Values.Select(Of));
        return lines;
    }

    /// <summary>An installed build.</summary>
    public static BackendLine Of(InstalledBackend backend) => new(
        backend.Id,
        "installed",
        string.Join(" + ", backend.Provenance.Packages.Select(package => $"{package.Source} {package.Name}@{package.Version}")),
        backend.Provenance.Upstream is { } upstream ? $"{upstream.Repository} {upstream.Release} ({upstream.Platform})" : null,
        backend.Provenance.Digest,
        [.. backend.Provenance.Packages.Select(package => package.Integrity)],
        HomePath.Shorten(backend.Directory),
        backend.Provenance.Installed);

    /// <summary>What to install for a backend as it is written on the command line.</summary>
    /// <exception cref="MatrixException">There is no such build, or none for this platform.</exception>
    public static BackendSpec Spec(string text, Catalogue catalogue)
    {
        BackendBuild[] builds = [.. catalogue.Backends.SelectMany(backend => backend.Builds).Where(build => !build.IsBuiltIn)];
        BackendBuild? build = builds.LastOrDefault(build => build.Id.ToString() == text || build.Id.Engine == text);
        if (build is null)
        {
            if (catalogue.Backends.Any(backend => backend.Engine == text))
                throw new MatrixException(new Diagnostic($"{text} is part of the harness", "there is nothing to install"));
            string[] known = [.. builds.Select(known => known.Id.ToString())];
            string nearest = NearestWord.Find(text, known) is { } word ? $"Did you mean {word}? " : "";
            throw new MatrixException(new Diagnostic(
                $"there is no backend '{text}' to install", $"{nearest}Known are: {string.Join(", ", known)}"));
        }

        string platform = HardwareProbe.Platform();
        return build.FindPackage(platform, "cpu") is { Registry: "npm" } package
            ? new BackendSpec(build.Id.Engine, build.Id.Version!.Value.Text, [new Workers.Backends.BackendPackage(package.Name, package.Version)])
            : throw new MatrixException(new Diagnostic(
                $"the catalogue has no package of {build.Id} for {platform}", "build llama.cpp's shared libraries and give their directory with --llama-cpp DIR"));
    }

    private static BackendLine Missing(BackendBuild build) => build.FindPackage(HardwareProbe.Platform(), "cpu") is { } package
        ? new BackendLine(
            build.Id.ToString(), "absent",
            $"{package.Registry} {package.Name}@{package.Version}{(package.Unverified ? " (unverified)" : "")}",
            HowTo: $"harness backends install {build.Id}")
        : new BackendLine(
            build.Id.ToString(), "unavailable",
            HowTo: $"no package for {HardwareProbe.Platform()}: build it, and give its directory with --llama-cpp DIR");
}
