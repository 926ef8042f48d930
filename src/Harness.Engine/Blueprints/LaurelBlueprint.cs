using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// A learned augmented residual of low rank (Menghani et al., 2024), as in Gemma 3n: <c>x + norm(R L x)</c>, where x is
/// what the block reads.
/// </summary>
/// <param name="Rank">Outputs of L.</param>
/// <param name="ProductNorm">The norm of the product.</param>
public sealed record LaurelBlueprint(int Rank, NormBlueprint ProductNorm) : BlockBlueprint
{
    internal override BlockWeights Bind(LayerBinder binder) => LaurelWeights.Bind(this, binder);

    internal override void Describe(FeatureList features) => features.Add("laurel-rank", Rank);
}
