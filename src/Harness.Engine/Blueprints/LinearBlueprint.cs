using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>A block that is one matrix: what is left where a search has replaced attention by it.</summary>
/// <param name="Tensor">The name of its tensors, without <c>.weight</c>.</param>
public sealed record LinearBlueprint(string Tensor) : BlockBlueprint
{
    internal override BlockWeights Bind(LayerBinder binder) =>
        new LinearWeights(binder.Project(Tensor, binder.Embedding, binder.Embedding, bias: true));

    internal override void Describe(FeatureList features) => features.Add("attention", "linear");
}

/// <summary>A block that adds what its branch reads as it is: a skip from the embedding to every layer.</summary>
public sealed record CarryBlueprint : BlockBlueprint
{
    internal override BlockWeights Bind(LayerBinder binder) => new CarryWeights();

    internal override void Describe(FeatureList features) => features.Add("embedding-skip", "every layer");
}
