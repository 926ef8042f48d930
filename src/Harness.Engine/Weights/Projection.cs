namespace Harness.Engine.Weights;

/// <summary>A linear map: weight, an optional scale of the whole tensor, an optional bias.</summary>
internal sealed unsafe class Projection(WeightMatrix weight, float scale, float* bias, bool scaleAfterBias)
{
    /// <summary>The matrix.</summary>
    public WeightMatrix Weight => weight;

    /// <summary>Multiplies the product; 1 where the file has no <c>.scale</c>.</summary>
    public float Scale => scale;

    /// <summary>One value a row, or null.</summary>
    public float* Bias => bias;

    /// <summary>The scale multiplies the biased product, not the bare one.</summary>
    public bool ScaleAfterBias => scaleAfterBias;
}
