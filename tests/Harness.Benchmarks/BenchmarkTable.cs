using System.Diagnostics;
using System.Globalization;

namespace Harness.Benchmarks;

/// <summary>
/// Times actions and prints a line for each: least and median of several runs by the clock, after one to warm up, and the
/// median processor time, which a busy machine does not spoil.
/// </summary>
public sealed class BenchmarkTable(string name, TextWriter output)
{
    private bool _headed;

    /// <summary>Times an action.</summary>
    /// <param name="what">What it does, in words.</param>
    /// <param name="action">The action.</param>
    /// <param name="runs">Timed runs, at least 1.</param>
    /// <returns>The least time by the clock.</returns>
    public TimeSpan Time(string what, Action action, int runs = 7)
    {
        action();
        TimeSpan[] times = new TimeSpan[runs], processor = new TimeSpan[runs];
        for (int i = 0; i < runs; i++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Stopwatch watch = Stopwatch.StartNew();
            action();
            times[i] = watch.Elapsed;
            processor[i] = Environment.CpuUsage.TotalTime - before;
        }

        Array.Sort(times);
        Array.Sort(processor);
        Line(what, string.Create(CultureInfo.InvariantCulture,
            $"least {times[0].TotalMilliseconds,8:0.0} ms   median {times[runs / 2].TotalMilliseconds,8:0.0} ms   processor {processor[runs / 2].TotalMilliseconds,8:0.0} ms"));
        return times[0];
    }

    /// <summary>Prints a line.</summary>
    public void Line(string what, string value)
    {
        if (!_headed) output.WriteLine(name);
        _headed = true;
        output.WriteLine($"  {what,-44} {value}");
    }
}
