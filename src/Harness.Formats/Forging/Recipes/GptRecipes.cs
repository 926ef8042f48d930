namespace Harness.Formats.Forging.Recipes;

/// <summary>GPT-2 and what was built like it: LayerNorm with biases, one matrix for query, key and value, an ungated feed-forward.</summary>
internal static class GptRecipes
{
    private static readonly string[] RotaryKeys = ["rope.dimension_count", "rope.freq_base"];

    /// <summary><c>gpt2</c>: learned positions.</summary>
    public static ForgeArchitecture Gpt2()
    {
        ForgeShape shape = Of("gpt2");
        return new ForgeArchitecture("gpt2", Learned, [shape.Variant("untied"), (shape with { TiedOutput = true }).Variant("tied")])
        {
            Keys = ForgeKeys.None.Without(RotaryKeys),
        };
    }

    /// <summary><c>starcoder</c>: gpt2 with one head of keys and values.</summary>
    public static ForgeArchitecture StarCoder() => new(
        Of("starcoder") with { KvHeads = 1, TiedOutput = true }, Learned, ForgeKeys.None.Without(RotaryKeys));

    /// <summary><c>starcoder2</c>: separate projections and rotation, biases everywhere.</summary>
    public static ForgeArchitecture StarCoder2() => new(
        Of("starcoder2") with { KvHeads = 2, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer => layer.PreNormed(layer.Attention(bias: true, outputBias: true), layer.FeedForward(bias: true))));

    /// <summary><c>gptneox</c>: a quarter of each head rotated; attention and feed-forward side by side or in turn.</summary>
    public static ForgeArchitecture GptNeoX()
    {
        ForgeShape shape = Of("gptneox");
        return new ForgeArchitecture("gptneox", s => DecoderTensors.Model(s, Fused),
        [
            shape.Variant("parallel", new() { { "use_parallel_residual", true } }),
            shape.Variant("sequential", new() { { "use_parallel_residual", false } }),
        ])
        { Keys = new() { { "rope.dimension_count", 8 } } };
    }

    /// <summary><c>bloom</c>: ALiBi, also for a number of heads that is no power of two; a norm of the embedding.</summary>
    public static ForgeArchitecture Bloom()
    {
        ForgeShape shape = Of("bloom") with { TiedOutput = true };
        return new ForgeArchitecture(
            "bloom",
            s => DecoderTensors.Model(s, Fused, DecoderTensors.Norm(s, "token_embd_norm")),
            [shape.Variant("eight-heads"), (shape with { Embedding = 192, Heads = 6, KvHeads = 6, FeedForward = 768, TiedOutput = false }).Variant("six-heads")])
        {
            Keys = ForgeKeys.None.Without(RotaryKeys),
        };
    }

    /// <summary><c>falcon</c>: side by side behind one norm (7B, one head of keys and values) or a norm each (40B); no biases.</summary>
    public static ForgeArchitecture Falcon()
    {
        ForgeShape shape = Of("falcon") with { KvHeads = 1 };
        return new ForgeArchitecture("falcon", s => DecoderTensors.Model(s, layer =>
            [.. layer.Norm("attn_norm"), .. layer.FusedAttention(), .. layer.FeedForward()]),
        [
            shape.Variant("7b"),
            (shape with { KvHeads = 2, TiedOutput = true }).Variant("40b") with
            {
                Tensors = s => DecoderTensors.Model(s, layer =>
                    [.. layer.Norm("attn_norm"), .. layer.Norm("attn_norm_2"), .. layer.FusedAttention(), .. layer.FeedForward()]),
            },
        ]);
    }

    /// <summary>
    /// <c>mpt</c>: ALiBi, queries to values held within a bound, no biases; or learned positions, biases, and an
    /// activation divided by weights. (Norms of query and key make llama.cpp v0.5.0 abort.)
    /// </summary>
    public static ForgeArchitecture Mpt()
    {
        ForgeShape shape = Of("mpt") with { Norm = ForgeNorm.LayerWithoutBias };
        return new ForgeArchitecture("mpt", s => DecoderTensors.Model(s, layer => layer.PreNormed(layer.FusedAttention(), layer.FeedForward())),
        [
            (shape with { TiedOutput = true }).Variant("alibi", new() { { "attention.max_alibi_bias", 6f }, { "attention.clamp_kqv", 1.25f } }),
            (shape with { Norm = ForgeNorm.Layer }).Variant("learned", new() { { "attention.max_alibi_bias", 0f } }) with
            {
                Tensors = s => DecoderTensors.Model(
                    s,
                    layer => [.. Fused(layer), layer.Between("ffn.act.scales", [s.FeedForward], 0.5, 2)],
                    DecoderTensors.Positions(s)),
            },
        ])
        { Keys = ForgeKeys.None.Without(RotaryKeys) };
    }

    /// <summary><c>nemotron</c>: squared ReLU, half of each head rotated, separate projections.</summary>
    public static ForgeArchitecture Nemotron()
    {
        ForgeShape shape = Of("nemotron") with { KvHeads = 2 };
        return new ForgeArchitecture("nemotron", s => Layers(s, bias: false), [shape.Variant("plain"), shape.Variant("biases") with { Tensors = s => Layers(s, bias: true) }])
        {
            Keys = new() { { "rope.dimension_count", 16 } },
        };

        static IEnumerable<ForgeTensor> Layers(ForgeShape shape, bool bias) =>
            DecoderTensors.Model(shape, layer => layer.PreNormed(layer.Attention(bias, bias), layer.FeedForward(bias)));
    }

    /// <summary>
    /// <c>stablelm</c>: LayerNorm, a gated feed-forward, a quarter of each head rotated; with biases on query, key and value,
    /// or side by side with each head's query and key normed by weights of its own.
    /// </summary>
    public static ForgeArchitecture StableLm()
    {
        ForgeShape shape = Of("stablelm") with { KvHeads = 2 };
        return new ForgeArchitecture("stablelm", s => DecoderTensors.Model(s, layer => layer.PreNormed(layer.Attention(bias: true), layer.GatedFeedForward())),
        [
            shape.Variant("sequential"),
            shape.Variant("parallel") with
            {
                Tensors = s => DecoderTensors.Model(s, layer =>
                [
                    .. layer.Norm("attn_norm"), .. layer.Attention(), layer.Scale("attn_q_norm", s.HeadDimension, s.Heads),
                    layer.Scale("attn_k_norm", s.HeadDimension, s.KvHeads), .. layer.GatedFeedForward(),
                ]),
            },
        ])
        { Keys = new() { { "rope.dimension_count", 8 } } };
    }

    private static ForgeShape Of(string architecture) => ProbeShape.Of(architecture) with { KvHeads = 8, Norm = ForgeNorm.Layer };

    private static IEnumerable<ForgeTensor> Fused(ForgeLayer layer) =>
        layer.PreNormed(layer.FusedAttention(bias: true, outputBias: true), layer.FeedForward(bias: true));

    private static IEnumerable<ForgeTensor> Learned(ForgeShape shape) => DecoderTensors.Model(shape, Fused, DecoderTensors.Positions(shape));
}
