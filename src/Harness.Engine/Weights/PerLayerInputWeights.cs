using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a layer's own input.</summary>
internal sealed unsafe class PerLayerInputWeights : BlockWeights
{
    public required PerLayerInputBlueprint Blueprint { get; init; }

    /// <summary>The layer's number in the table.</summary>
    public required int Layer { get; init; }

    public required Projection Gate { get; init; }

    /// <summary>From the embedding to this layer's vector.</summary>
    public required Projection Vector { get; init; }

    public required Norm VectorNorm { get; init; }

    /// <summary>A row a token, with the vectors of all layers one after the other.</summary>
    public required WeightMatrix Table { get; init; }

    public required Projection Back { get; init; }

    public static PerLayerInputWeights Bind(PerLayerInputBlueprint blueprint, LayerBinder binder)
    {
        int length = blueprint.Length;
        int all = length * blueprint.Layers;
        WeightMatrix vectors = binder.Model.Matrix("per_layer_model_proj.weight", all, binder.Embedding);
        return new PerLayerInputWeights
        {
            Blueprint = blueprint,
            Layer = binder.Layer,
            Gate = binder.Project("inp_gate", length, binder.Embedding, bias: false),
            Vector = binder.Model.Map(vectors.Slice(binder.Layer * length, length)),
            VectorNorm = binder.Model.Norm(blueprint.VectorNorm, string.Empty, length),
            Table = binder.Model.Matrix("per_layer_token_embd.weight", binder.Model.VocabularySize, all),
            Back = binder.Project("proj", binder.Embedding, length, bias: false),
        };
    }

    public override Block Create(BlockContext context) => new PerLayerInputBlock(this, context);
}
