namespace Harness.Formats.Forging;

/// <summary>
/// The tensors of a whole model: its ends and its layers. Gains are chosen so that activations stay near one, attention
/// picks out some positions, and the first logit stands clear of the second.
/// </summary>
internal static class DecoderTensors
{
    private const int OutputGain = ForgeLayer.One * 4;

    /// <summary>A decoder: its ends, what else it has outside its layers, its layers.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="layer">What each layer consists of.</param>
    /// <param name="more">Other tensors outside the layers.</param>
    public static IEnumerable<ForgeTensor> Model(
        ForgeShape shape, Func<ForgeLayer, IEnumerable<ForgeTensor>> layer, params IEnumerable<ForgeTensor> more) =>
        [.. Ends(shape), .. more, .. Enumerable.Range(0, shape.Layers).SelectMany(i => Layer(new ForgeLayer(shape, i), layer))];

    /// <summary>Token embedding, output norm, output head, rotary factors.</summary>
    public static IEnumerable<ForgeTensor> Ends(ForgeShape shape)
    {
        yield return TokenEmbedding(shape);
        if (shape.RopeFactors)
            yield return new("rope_freqs.weight", [shape.HeadDimension / 2], ForgeValues.RotaryFactors);
        foreach (ForgeTensor tensor in Norm(shape, "output_norm"))
        {
            yield return shape is { TiedOutput: true, EmbeddingScale: > 1 } && tensor.Values is ForgeValues.Norm
                ? ForgeTensor.Between(tensor.Name, tensor.Shape, 0.75 * shape.EmbeddingScale, 1.25 * shape.EmbeddingScale)
                : tensor;
        }

        if (!shape.TiedOutput)
            yield return new("output.weight", [shape.Embedding, shape.Vocabulary], ForgeValues.Weights, OutputGain);
    }

    /// <summary>A norm of the residual stream, with the tensors that the shape's kind has.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="name">Its name without suffix.</param>
    /// <param name="length">Its length; null for that of the residual stream.</param>
    public static IEnumerable<ForgeTensor> Norm(ForgeShape shape, string name, long? length = null)
    {
        if (shape.Norm is ForgeNorm.LayerWithoutWeights or ForgeNorm.RmsWithoutWeights)
            yield break;
        yield return new($"{name}.weight", [length ?? shape.Embedding], ForgeValues.Norm);
        if (shape.Norm is ForgeNorm.Layer)
            yield return Bias(name, length ?? shape.Embedding) with { GainEighths = 1 };
    }

    /// <summary>A bias outside the layers: <c>output.bias</c>.</summary>
    public static ForgeTensor Bias(string name, long length) => new($"{name}.bias", [length], ForgeValues.Absolute, ForgeLayer.One / 2);

    /// <summary>An embedding for each position the context has.</summary>
    public static ForgeTensor Positions(ForgeShape shape) =>
        new("position_embd.weight", [shape.Embedding, shape.Context], ForgeValues.Absolute, ForgeLayer.One / 2);

    /// <summary>Divisors of the rotation's frequencies for contexts within and beyond the original length.</summary>
    /// <param name="dimensions">How many values are rotated.</param>
    public static IEnumerable<ForgeTensor> LongRopeFactors(int dimensions) =>
    [
        ForgeTensor.Between("rope_factors_short.weight", [dimensions / 2], 1, 1.5),
        ForgeTensor.Between("rope_factors_long.weight", [dimensions / 2], 1, 8),
    ];

    // A tied embedding is the output head: its gain is that of the head.
    private static ForgeTensor TokenEmbedding(ForgeShape shape)
    {
        const string Name = "token_embd.weight";
        if (shape.Experts is { } experts)
            return new(Name, [shape.Embedding, shape.Vocabulary], ForgeValues.TokenClasses, ForgeLayer.One / (shape.TiedOutput ? 4 : 2)) { Experts = experts };
        return shape.TiedOutput
            ? new(Name, [shape.Embedding, shape.Vocabulary], ForgeValues.Weights, OutputGain / shape.EmbeddingScale)
            : new(Name, [shape.Embedding, shape.Vocabulary], ForgeValues.Absolute, ForgeLayer.One / 2);
    }

    private static IEnumerable<ForgeTensor> Layer(ForgeLayer layer, Func<ForgeLayer, IEnumerable<ForgeTensor>> tensors) =>
        layer.Shape.Experts is { } experts ? tensors(layer).Select(tensor => TokenClasses.Quieten(experts, tensor)) : tensors(layer);
}
