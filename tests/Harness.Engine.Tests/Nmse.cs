namespace Harness.Engine.Tests;

/// <summary>Normalised mean squared error, <c>Σ (actual − expected)² / Σ expected²</c>.</summary>
internal static class Nmse
{
    public static double Of(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length)
            throw new ArgumentException($"{actual.Length} values against {expected.Length}.");

        double error = 0;
        double power = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            error += Math.Pow((double)actual[i] - expected[i], 2);
            power += Math.Pow(expected[i], 2);
        }

        return error / power;
    }
}
