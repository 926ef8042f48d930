namespace Harness.Workers.Processes;

/// <summary>What a worker does to its own process before anything else is loaded.</summary>
internal static class WorkerSide
{
    /// <summary>
    /// Takes the standard streams for the protocol alone: what a native library prints on descriptor 1 goes to stderr,
    /// and what it reads from descriptor 0 is empty.
    /// </summary>
    public static (Stream Input, Stream Output) ClaimStandardStreams()
    {
        if (OperatingSystem.IsWindows())
            return (Console.OpenStandardInput(), Console.OpenStandardOutput());

        int input = LibC.DuplicatePrivately(0);
        int output = LibC.DuplicatePrivately(1);
        int nothing = LibC.Check(LibC.Open("/dev/null", 0), "open /dev/null");
        _ = LibC.Check(LibC.Duplicate(nothing, 0), "dup2");
        _ = LibC.Check(LibC.Duplicate(2, 1), "dup2");
        _ = LibC.Close(nothing);
        return (new DescriptorStream(input, FileAccess.Read), new DescriptorStream(output, FileAccess.Write));
    }

    /// <summary>Ends the process at once, whatever its other threads do.</summary>
    public static void ExitNow(int status)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(status);
        else
            LibC.ExitNow(status);
    }
}
