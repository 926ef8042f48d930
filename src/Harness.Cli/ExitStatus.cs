namespace Harness.Cli;

/// <summary>What the process returns, as scripts may rely on.</summary>
internal static class ExitStatus
{
    /// <summary>Done, and nothing that was expected to work failed.</summary>
    public const int Done = 0;

    /// <summary>Something that was expected to work did not.</summary>
    public const int Unexpected = 1;

    /// <summary>The command line, the matrix or the catalogue is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The harness itself failed.</summary>
    public const int HarnessFailed = 3;

    /// <summary>Ctrl-C, as a shell reports a program that it ended.</summary>
    public const int Interrupted = 130;
}
