namespace Harness.Conversion.Tests.HfModels;

/// <summary>How far two models' logits are from one another.</summary>
internal static class LogitsError
{
    /// <summary>Mean squared error over mean square.</summary>
    public static double Nmse(float[] found, float[] expected)
    {
        if (found.Length != expected.Length)
            return double.PositiveInfinity;
        double error = 0, power = 0;
        for (int i = 0; i < found.Length; i++)
        {
            error += Math.Pow((double)found[i] - expected[i], 2);
            power += Math.Pow(expected[i], 2);
        }

        return error / power;
    }
}
