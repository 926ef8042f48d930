namespace Harness.Engine.Blueprints;

/// <summary>
/// The numbers of xIELU (Huang and Schlag, 2025), an activation: <c>softplus(αₚ) x² + β x</c> above 0,
/// <c>(β + softplus(αₙ)) (exp(min(x, ε)) − 1 − x) + β x</c> elsewhere.
/// </summary>
/// <param name="AlphaNegative">αₙ, as learned: before its softplus.</param>
/// <param name="AlphaPositive">αₚ, as learned: before its softplus.</param>
/// <param name="Beta">β.</param>
/// <param name="Epsilon">ε, below 0: keeps the exponential's difference from vanishing.</param>
public sealed record XieluParameters(float AlphaNegative, float AlphaPositive, float Beta, float Epsilon)
{
    private readonly float negative = Beta + Softplus(AlphaNegative);
    private readonly float positive = Softplus(AlphaPositive);

    /// <summary>Its value.</summary>
    internal float Of(float x) => x > 0
        ? (positive * x * x) + (Beta * x)
        : (((float)(Math.Exp(MathF.Min(x, Epsilon)) - 1) - x) * negative) + (Beta * x);

    private static float Softplus(float x) => x > 20 ? x : (float)Math.Log(1 + Math.Exp(x));
}
