using Harness.Workers;

namespace Harness.Runner.Speed;

/// <summary>How fast a backend ran one test.</summary>
/// <param name="Test">The test.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="Seconds">The time of each repetition, by the worker's clock, in the order they were run.</param>
public sealed record SpeedResult(SpeedTest Test, int Threads, IReadOnlyList<double> Seconds)
{
    /// <summary>Tokens a second of each repetition.</summary>
    public IReadOnlyList<double> Rates => [.. Seconds.Select(s => Test.TimedTokens / s)];

    /// <summary>Their median.</summary>
    public double Median => MedianOf(Rates);

    /// <summary>Their mean.</summary>
    public double Average => Rates.Average();

    /// <summary>Their sample standard deviation; 0 of a single one.</summary>
    public double Deviation => DeviationOf(Rates);

    /// <summary>The middle of some numbers.</summary>
    /// <param name="values">At least one.</param>
    /// <returns>The median.</returns>
    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The sample standard deviation.</summary>
    /// <param name="values">At least one.</param>
    /// <returns>0 of a single one.</returns>
    public static double DeviationOf(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        double mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }
}

/// <summary>What was measured of one backend with one number of threads.</summary>
/// <param name="Backend">The backend, as <c>llama.cpp@v0.5.0</c>.</param>
/// <param name="Identity">What it says of itself.</param>
/// <param name="Loaded">What it loaded.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="Results">One a test.</param>
/// <param name="LoadToFirstToken">From the request to load to the first token of a prompt of one, outside the worker.</param>
/// <param name="PeakMemory">Peak resident memory of the worker; null where unknown.</param>
public sealed record BackendSpeed(
    string Backend,
    BackendIdentity Identity,
    LoadedModel Loaded,
    int Threads,
    IReadOnlyList<SpeedResult> Results,
    TimeSpan LoadToFirstToken,
    PeakMemory? PeakMemory);
