namespace Harness.Engine.Blueprints;

/// <summary>
/// The numbers of xIELU: <c>αₚ x² + β x</c> above 0, <c>αₙ (exp(min(x, ε)) − 1 − x) + β x</c> elsewhere.
/// </summary>
/// <param name="AlphaNegative">αₙ.</param>
/// <param name="AlphaPositive">αₚ.</param>
/// <param name="Beta">β.</param>
/// <param name="Epsilon">ε, below 0: keeps the exponential's difference from vanishing.</param>
public sealed record XieluParameters(float AlphaNegative, float AlphaPositive, float Beta, float Epsilon)
{
    /// <summary>Its value.</summary>
    internal float Of(float x) => x > 0
        ? (AlphaPositive * x * x) + (Beta * x)
        : (((float)(Math.Exp(MathF.Min(x, Epsilon)) - 1) - x) * AlphaNegative) + (Beta * x);
}
