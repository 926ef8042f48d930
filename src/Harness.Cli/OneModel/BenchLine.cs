namespace Harness.Cli.OneModel;

/// <summary>One line on a terminal's standard error that tells what is being measured.</summary>
internal sealed class BenchLine : IDisposable
{
    private const string ClearLine = "\r\e[2K";

    private bool _drawn;

    private BenchLine()
    {
    }

    /// <summary>A line on this process's terminal; null when standard error is none.</summary>
    public static BenchLine? ForTerminal() => Console.IsErrorRedirected ? null : new BenchLine();

    /// <summary>Shows another text.</summary>
    public void Show(string text)
    {
        Console.Error.Write(ClearLine + text);
        _drawn = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_drawn) Console.Error.Write(ClearLine);
        _drawn = false;
    }
}
