namespace Harness.Engine.Kernels;

/// <summary>The complementary error function, which .NET lacks.</summary>
internal static class ErrorFunction
{
    /// <summary>
    /// <c>erfc(x) = 1 − erf(x)</c> within 1e-14: the Maclaurin series near zero, the continued fraction beyond
    /// (Abramowitz and Stegun, 7.1.5 and 7.1.14).
    /// </summary>
    public static double Complement(double x)
    {
        if (x < 0)
            return 2 - Complement(-x);
        if (x < 2)
        {
            double term = x;
            double sum = x;
            for (int n = 1; Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 1 - (2 / Math.Sqrt(Math.PI) * sum);
        }

        double fraction = x;
        for (int n = 60; n >= 1; n--)
            fraction = x + (n / 2.0 / fraction);
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * fraction);
    }
}
