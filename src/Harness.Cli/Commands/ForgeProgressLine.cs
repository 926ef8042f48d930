using System.Diagnostics;
using System.Globalization;
using Harness.Formats.Forging;

namespace Harness.Cli.Commands;

/// <summary>One line on stderr that says how far a file is written; only where stderr is a terminal.</summary>
internal sealed class ForgeProgressLine : IProgress<ForgeProgress>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Lock gate = new();
    private long shown;
    private int width;

    /// <summary>The line, or null where nobody would see it.</summary>
    public static ForgeProgressLine? ForTerminal() => Console.IsErrorRedirected ? null : new();

    /// <inheritdoc/>
    public void Report(ForgeProgress value)
    {
        lock (gate)
        {
            if (Stopwatch.GetElapsedTime(shown) < Interval)
                return;
            shown = Stopwatch.GetTimestamp();
            double seconds = Math.Max(Stopwatch.GetElapsedTime(start).TotalSeconds, 1e-3);
            string line = string.Create(
                CultureInfo.InvariantCulture,
                $"{100.0 * value.Written / value.Total:F0} %  {value.Written / 1e9:F2} of {value.Total / 1e9:F2} GB  {value.Written / 1e9 / seconds:F2} GB/s");
            Console.Error.Write("\r" + line.PadRight(width));
            width = line.Length;
        }
    }

    /// <summary>Clears the line.</summary>
    public void Dispose() => Console.Error.Write("\r" + new string(' ', width) + "\r");
}
