using System.Diagnostics;
using System.Globalization;
using Harness.Hub;

namespace Harness.Cli.Commands;

/// <summary>One line on a terminal's standard error that tells how far some downloads are.</summary>
internal sealed class TransferLine : IProgress<HubProgress>, IDisposable
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter _terminal;
    private readonly Func<int> _width;
    private readonly Dictionary<string, HubProgress> _latest = [];
    private readonly long _planned;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan? _drawn;
    private int _length;

    internal TransferLine(TextWriter terminal, Func<int> width, IReadOnlyList<ResolvedFile> files)
    {
        (_terminal, _width) = (terminal, width);
        _planned = files.Sum(f => f.Size);
    }

    /// <summary>A line on this process's terminal; null when standard error is none.</summary>
    /// <param name="files">What will be transferred; empty when that is learned as it begins.</param>
    public static TransferLine? ForTerminal(IReadOnlyList<ResolvedFile> files) =>
        Console.IsErrorRedirected ? null : new TransferLine(Console.Error, () => Console.WindowWidth, files);

    /// <inheritdoc/>
    public void Report(HubProgress value)
    {
        lock (_lock)
        {
            if (value.Note is { } note)
            {
                Clear();
                _terminal.WriteLine($"{value.Path}: {note}");
            }
            else
            {
                _latest[value.Path] = value;
            }
            if (_clock.Elapsed - _drawn < RedrawEvery && value.Note is null)
                return;
            _drawn = _clock.Elapsed;
            string line = Line();
            _terminal.Write("\r" + line.PadRight(_length));
            _length = line.Length;
        }
    }

    private string Line()
    {
        long done = _latest.Values.Sum(p => p.Done);
        long total = Math.Max(_planned, _latest.Values.Sum(p => p.Total));
        double rate = _latest.Values.Where(p => p.Done < p.Total).Sum(p => p.BytesPerSecond);
        double part = total > 0 ? Math.Min(1, (double)done / total) : 1;
        string left = rate > 0 && done < total ? "  " + TimeSpan.FromSeconds(Math.Min((total - done) / rate, 359999)).ToString("h\\:mm\\:ss", CultureInfo.InvariantCulture) : "";
        string numbers = string.Create(
            CultureInfo.InvariantCulture, $" {part,4:P0}  {done / 1048576.0:0.0} of {total / 1048576.0:0.0} MiB{(rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"  {rate / 1048576.0:0.0} MiB/s") : "")}{left}");
        int bar = Math.Clamp(Math.Max(20, _width()) - numbers.Length - 3, 0, 40);
        int full = (int)(part * bar);
        string line = (bar < 5 ? "" : "[" + new string('#', full) + new string('.', bar - full) + "]") + numbers;
        return line.Length < _width() || _width() <= 0 ? line : line[..(_width() - 1)];
    }

    private void Clear()
    {
        if (_length > 0)
            _terminal.Write("\r" + new string(' ', _length) + "\r");
        _length = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            Clear();
    }
}
