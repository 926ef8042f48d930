using System.Reflection;

namespace Harness.Cli.Help;

/// <summary>What this program says of itself.</summary>
internal static class ProgramText
{
    /// <summary>Digits of a commit that are enough to find it.</summary>
    private const int CommitDigits = 8;

    /// <summary>The version with its commit, as <c>0.1.0+43038669</c>.</summary>
    public static string Version { get; } = Shorten(
        typeof(ProgramText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    /// <summary>What it is, for who has never seen it.</summary>
    public const string About =
        "harness finds out, by trying, which local LLMs work on which engine, at which quantization, on which hardware. "
        + "Every cell of its tables is backed by a receipt: what was not tried is called untested.";

    /// <summary>Where to begin: a command line, and what it does.</summary>
    public static IReadOnlyList<(string Line, string Does)> FirstSteps { get; } =
    [
        ("harness doctor", "says what is here, what is missing and how to get it"),
        ("harness run", "tries the default profile; no weights are downloaded"),
        ("harness run --model M", "tries one: a name, a file, or hf:owner/repo"),
    ];

    private static string Shorten(string version)
    {
        int commit = version.IndexOf('+', StringComparison.Ordinal) + 1;
        return commit > 0 && version.Length > commit + CommitDigits ? version[..(commit + CommitDigits)] : version;
    }
}
