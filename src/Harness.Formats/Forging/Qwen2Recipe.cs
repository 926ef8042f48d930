namespace Harness.Formats.Forging;

/// <summary>
/// <c>qwen2</c>: as llama, but with biases on query, key and value, rotation of half-head pairs (NeoX), and, in the
/// small models, an output tied to the embedding.
/// </summary>
internal static class Qwen2Recipe
{
    public static ForgeArchitecture Create()
    {
        var shape = new ForgeShape
        {
            Name = "probe-qwen2",
            Architecture = "qwen2",
            Layers = 6,
            Embedding = 256,
            Heads = 8,
            KvHeads = 2,
            HeadDimension = 32,
            FeedForward = 768,
            Vocabulary = 0,
            Context = 2048,
            RopeBase = 1_000_000,
            NormEpsilon = 1e-6f,
            TiedOutput = true,
            Tokenizer = ForgedTokenizer.BpeQwen2,
        };
        ForgeShape untied = shape with { Name = "probe-qwen2-untied", TiedOutput = false };
        return new ForgeArchitecture("qwen2", Tensors, [new("tied", shape), new("untied", untied)]);
    }

    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) =>
    [
        .. DecoderTensors.Ends(shape),
        .. Enumerable.Range(0, shape.Layers).SelectMany(layer => (IEnumerable<ForgeTensor>)
        [
            .. DecoderTensors.Attention(shape, layer, biases: true),
            .. DecoderTensors.GatedFeedForward(shape, layer),
        ]),
    ];
}
