using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors by which streams begin and end.</summary>
internal sealed unsafe class AltUpWeights
{
    /// <summary>From the embedding to each stream but the first.</summary>
    public required Projection[] Begin { get; init; }

    /// <summary>From each stream but the first to what is averaged.</summary>
    public required Projection[] End { get; init; }

    public static AltUpWeights Bind(AltUpBlueprint blueprint, WeightBinder binder, int embedding)
    {
        Projection[] Of(string name) =>
        [
            .. binder.Matrices(name, blueprint.Streams - 1, embedding, embedding).Select(m => binder.Map(m)),
        ];

        return new AltUpWeights { Begin = Of("altup_proj.weight"), End = Of("altup_unembd_proj.weight") };
    }
}

/// <summary>A layer's tensors of alternating updates.</summary>
internal sealed unsafe class AltUpLayerWeights
{
    public required AltUpBlueprint Blueprint { get; init; }

    public required Norm RouterNorm { get; init; }

    public required Projection Router { get; init; }

    /// <summary>From the router's values to a matrix that mixes the streams.</summary>
    public required Projection Predict { get; init; }

    /// <summary>From the router's values to how much of the miss each stream takes, less one.</summary>
    public required Projection Correct { get; init; }

    /// <summary>Multiplies the corrected first stream before the layer's input is made of it.</summary>
    public required float* CorrectScale { get; init; }

    public required BlockWeights Input { get; init; }

    public required Norm InputNorm { get; init; }

    public static AltUpLayerWeights Bind(AltUpBlueprint blueprint, LayerBinder binder)
    {
        int streams = blueprint.Streams;
        return new AltUpLayerWeights
        {
            Blueprint = blueprint,
            RouterNorm = binder.Norm(blueprint.RouterNorm, binder.Embedding),
            Router = binder.Project("altup_router", streams, binder.Embedding, bias: false),
            Predict = binder.Project("altup_predict_coef", streams * streams, streams, bias: false),
            Correct = binder.Project("altup_correct_coef", streams, streams, bias: false),
            CorrectScale = binder.Values("altup_correct_scale.weight", binder.Embedding),
            Input = blueprint.Input.Bind(binder),
            InputNorm = binder.Norm(blueprint.InputNorm, binder.Embedding),
        };
    }
}
