namespace Harness.Formats.Forging.Recipes;

/// <summary>The Qwen family's dense models.</summary>
internal static class QwenRecipes
{
    /// <summary>
    /// <c>qwen</c>: one projection to query, key and value, with a bias; the feed-forward's length counts gate and up.
    /// </summary>
    public static ForgeArchitecture Qwen() => new(
        ProbeShape.Of("qwen") with { KvHeads = 8, FeedForward = 1024, Context = 2048, Tokenizer = ForgedTokenizer.BpeQwen2 },
        shape => DecoderTensors.Model(shape, layer => layer.PreNormed(
            layer.FusedAttention(bias: true), (layer with { Shape = shape with { FeedForward = shape.FeedForward / 2 } }).GatedFeedForward())));

    /// <summary>
    /// <c>qwen2</c>: as llama, but with biases on query, key and value, rotation of half-head pairs (NeoX), and, in the
    /// small models, an output tied to the embedding.
    /// </summary>
    public static ForgeArchitecture Qwen2()
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
        return new ForgeArchitecture("qwen2", Biased,
        [
            new("tied", shape),
            new("untied", untied),
            (Small("qwen2") with { TiedOutput = false }).Variant("yarn", LlamaRecipes.Yarn) with
            {
                Tensors = s => [.. Biased(s), DecoderTensors.Bias("output", s.Vocabulary)],
            },
        ]);
    }

    /// <summary><c>qwen2vl</c>: the text model; its rotation has sections, which text does not tell apart.</summary>
    public static ForgeArchitecture Qwen2Vl() => new(
        Small("qwen2vl") with { TiedOutput = true }, Biased, new() { { "rope.dimension_sections", [4, 6, 6, 0] } });

    /// <summary><c>qwen3</c>: no biases; each head's query and key normed; heads wider than the embedding.</summary>
    public static ForgeArchitecture Qwen3() => new(Small("qwen3") with { HeadDimension = 64, TiedOutput = true }, HeadNormed);

    /// <summary><c>qwen3vl</c>: the text model; its rotation's sections alternate.</summary>
    public static ForgeArchitecture Qwen3Vl() => new(
        Small("qwen3vl") with { HeadDimension = 64 },
        HeadNormed,
        new() { { "rope.dimension_sections", [12, 10, 10, 0] }, { "n_deepstack_layers", 2 } });

    /// <summary><c>qwen3tts</c>: qwen3vl's graph over the 3072 codes of a voice.</summary>
    public static ForgeArchitecture Qwen3Tts() => new(
        Small("qwen3tts") with { Vocabulary = 3072, HeadDimension = 48 }, HeadNormed, new() { { "rope.dimension_sections", [8, 9, 7, 0] } });

    private static ForgeShape Small(string architecture) =>
        ProbeShape.Of(architecture) with { NormEpsilon = 1e-6f, Tokenizer = ForgedTokenizer.BpeQwen2 };

    private static IEnumerable<ForgeTensor> Biased(ForgeShape shape) =>
        DecoderTensors.Model(shape, layer => layer.PreNormed(layer.Attention(bias: true), layer.GatedFeedForward()));

    private static IEnumerable<ForgeTensor> HeadNormed(ForgeShape shape) => DecoderTensors.Model(
        shape, layer => layer.PreNormed([.. layer.Attention(), .. layer.HeadNorms()], layer.GatedFeedForward()));
}
