using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// A block that lets every layer see the token anew (Gemma 3n): a vector of the token for this layer, half from a table
/// and half from the embedding, gated by the residual stream and projected back to it:
/// <c>proj(gelu(inp_gate(x)) × v)</c> with <c>v = (norm(P e / √width) + √length × T[token]) / √2</c>.
/// </summary>
/// <param name="Length">Values of the vector.</param>
/// <param name="Layers">Layers the table and P hold vectors for; this block's are those of its layer.</param>
/// <param name="VectorNorm">The norm of the half from the embedding.</param>
public sealed record PerLayerInputBlueprint(int Length, int Layers, NormBlueprint VectorNorm) : BlockBlueprint
{
    internal override bool ReadsEmbedding => true;

    internal override BlockWeights Bind(LayerBinder binder) => PerLayerInputWeights.Bind(this, binder);

    internal override void Describe(FeatureList features) => features.Add("per-layer-input", Length);
}
