using System.Diagnostics;
using System.Globalization;

namespace Harness.Benchmarks;

/// <summary>Times actions by the clock and prints a line for each: least and median of several runs, after one to warm up.</summary>
public sealed class BenchmarkTable(string name, TextWriter output)
{
    private bool _headed;

    /// <summary>Times an action.</summary>
    /// <param name="what">What it does, in words.</param>
    /// <param name="action">The action.</param>
    /// <param name="runs">Timed runs, at least 1.</param>
    /// <returns>The median.</returns>
    public TimeSpan Time(string what, Action action, int runs = 7)
    {
        action();
        TimeSpan[] times = new TimeSpan[runs];
        for (int i = 0; i < runs; i++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            action();
            times[i] = watch.Elapsed;
        }

        Array.Sort(times);
        TimeSpan median = times[runs / 2];
        Line(what, string.Create(CultureInfo.InvariantCulture, $"least {times[0].TotalMilliseconds,9:0.0} ms   median {median.TotalMilliseconds,9:0.0} ms"));
        return median;
    }

    /// <summary>Prints a line.</summary>
    public void Line(string what, string value)
    {
        if (!_headed) output.WriteLine(name);
        _headed = true;
        output.WriteLine($"  {what,-44} {value}");
    }
}
