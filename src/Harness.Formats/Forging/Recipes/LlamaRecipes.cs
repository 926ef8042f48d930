namespace Harness.Formats.Forging.Recipes;

/// <summary>The llama family, and those whose layers have llama's form.</summary>
internal static class LlamaRecipes
{
    /// <summary>The keys of YaRN scaling with every parameter set; the original context is shorter than a test's prompt.</summary>
    public static ForgeKeys Yarn { get; } = new()
    {
        { "rope.scaling.type", "yarn" }, { "rope.scaling.factor", 4f }, { "rope.scaling.original_context_length", 32 },
        { "rope.scaling.yarn_beta_fast", 16f }, { "rope.scaling.yarn_beta_slow", 2f },
    };

    /// <summary>The keys of longrope scaling, from a given original context.</summary>
    public static ForgeKeys LongRope(int originalContext) => new()
    {
        { "rope.scaling.type", "longrope" }, { "rope.scaling.original_context_length", originalContext },
        { "rope.scaling.attn_factor", 1.19f },
    };

    /// <summary>
    /// <c>llama</c>: RMS norm, grouped-query attention with adjacent-pair rotation, SiLU-gated feed-forward. The probe's
    /// query width is not its embedding length; each rotary scaling, biases and fused projections have a variant.
    /// </summary>
    public static ForgeArchitecture Llama()
    {
        var shape = new ForgeShape
        {
            Name = "probe-llama",
            Architecture = "llama",
            Layers = 5,
            Embedding = 256,
            Heads = 12,
            KvHeads = 3,
            HeadDimension = 64,
            FeedForward = 512,
            Vocabulary = 0,
            Context = 1536,
            RopeBase = 10_000,
            NormEpsilon = 1e-5f,
            TiedOutput = false,
            RopeFactors = true,
            Tokenizer = ForgedTokenizer.SentencePiece,
        };
        ForgeShape linear = shape with
        {
            Name = "probe-llama-linear",
            RopeFactors = false,
            RopeLinearFactor = 4,
            TiedOutput = true,
            Tokenizer = ForgedTokenizer.BpeLlama,
        };
        ForgeShape small = ProbeShape.Of("llama") with { Tokenizer = ForgedTokenizer.SentencePiece };
        return new ForgeArchitecture("llama", Plain,
        [
            new("rope-freqs", shape),
            new("rope-linear", linear),
            small.Variant("yarn", Yarn),
            small.Variant("longrope", LongRope(originalContext: 32)) with { Tensors = LongRoped },
            small.Variant("biases") with
            {
                Tensors = s => DecoderTensors.Model(s, layer =>
                    layer.PreNormed(layer.Attention(bias: true, outputBias: true), layer.GatedFeedForward(bias: true))),
            },
            small.Variant("fused") with
            {
                Tensors = s => DecoderTensors.Model(s, layer => layer.PreNormed(layer.FusedAttention(bias: true), layer.GatedFeedForward())),
            },
            ClassicExpertRecipes.Mixtral(),
        ]);
    }

    /// <summary><c>mistral3</c>: llama whose queries grow with the position beyond the original context, with YaRN.</summary>
    public static ForgeArchitecture Mistral3() => new(
        ProbeShape.Of("mistral3") with { Heads = 16 },
        Plain,
        Yarn.And(new() { { "attention.temperature_scale", 0.4f }, { "rope.scaling.yarn_log_multiplier", 0.7f } }));

    /// <summary><c>smollm3</c>: llama that does not rotate in every fourth layer.</summary>
    public static ForgeArchitecture SmolLm3() => new(ProbeShape.Of("smollm3") with { Layers = 5, TiedOutput = true }, Plain);

    /// <summary><c>baichuan</c>: 32 layers rotate, 40 have ALiBi; nothing else tells the two apart.</summary>
    public static ForgeArchitecture Baichuan()
    {
        ForgeShape shape = ProbeShape.Of("baichuan") with
        {
            Layers = 32,
            Embedding = 64,
            Heads = 4,
            KvHeads = 4,
            HeadDimension = 16,
            FeedForward = 256,
            Tokenizer = ForgedTokenizer.SentencePiece,
        };
        return new ForgeArchitecture("baichuan", Plain,
            [shape.Variant("7b"), (shape with { Layers = 40, Embedding = 96, Heads = 6, KvHeads = 6 }).Variant("13b")]);
    }

    /// <summary><c>internlm2</c>: llama's tensors.</summary>
    public static ForgeArchitecture InternLm2() => new(ProbeShape.Of("internlm2") with { Tokenizer = ForgedTokenizer.SentencePiece }, Plain);

    /// <summary><c>ernie4_5</c>: llama's tensors, output tied.</summary>
    public static ForgeArchitecture Ernie45() => new(ProbeShape.Of("ernie4_5") with { Heads = 16, TiedOutput = true }, Plain);

    /// <summary><c>seed_oss</c>: biases; the norm before the feed-forward is called the one after the attention.</summary>
    public static ForgeArchitecture SeedOss() => new(
        ProbeShape.Of("seed_oss") with { Heads = 16 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"), .. layer.Attention(bias: true),
            .. layer.Norm("post_attention_norm"), .. layer.GatedFeedForward(),
        ]));

    /// <summary><c>hunyuan-dense</c>: heads normed after they are rotated; the base of the rotation grown by alpha.</summary>
    public static ForgeArchitecture HunyuanDense() => new(
        ProbeShape.Of("hunyuan-dense") with { Heads = 16, TiedOutput = true },
        shape => DecoderTensors.Model(shape, layer => layer.PreNormed([.. layer.Attention(), .. layer.HeadNorms()], layer.GatedFeedForward())),
        new() { { "rope.scaling.alpha", 50f } });

    /// <summary><c>granite</c>: llama with scales on embedding, attention, residual and logits.</summary>
    public static ForgeArchitecture Granite()
    {
        ForgeShape shape = ProbeShape.Of("granite");
        ForgeKeys scales = new()
        {
            { "embedding_scale", 3f }, { "attention.scale", 0.25f }, { "residual_scale", 0.6f }, { "logit_scale", 1.7f },
        };
        return new ForgeArchitecture("granite", Plain,
        [
            shape.Variant("scaled"),
            (shape with { TiedOutput = true, EmbeddingScale = 3 }).Variant("without-rope", new() { { "rope.scaling.finetuned", false } }),
            ClassicExpertRecipes.Experts(shape, sharedLength: 256),
        ])
        { Keys = scales };
    }

    /// <summary><c>minicpm</c>: as granite; without the keys the scales follow from depth and width.</summary>
    public static ForgeArchitecture MiniCpm()
    {
        ForgeShape shape = ProbeShape.Of("minicpm") with { Tokenizer = ForgedTokenizer.SentencePiece };
        return new ForgeArchitecture("minicpm", Plain,
        [
            shape.Variant("scaled", new() { { "embedding_scale", 3f }, { "residual_scale", 0.6f }, { "logit_scale", 1.7f } }),
            (shape with { TiedOutput = true, EmbeddingScale = 12 }).Variant("longrope", LongRope(originalContext: 32)) with { Tensors = LongRoped },
            ClassicExpertRecipes.Experts(shape, sharedLength: 0),
        ]);
    }

    /// <summary>Llama's layers.</summary>
    public static IEnumerable<ForgeTensor> Plain(ForgeShape shape) =>
        DecoderTensors.Model(shape, layer => layer.PreNormed(layer.Attention(), layer.GatedFeedForward()));

    private static IEnumerable<ForgeTensor> LongRoped(ForgeShape shape) => DecoderTensors.Model(
        shape, layer => layer.PreNormed(layer.Attention(), layer.GatedFeedForward()), DecoderTensors.LongRopeFactors(shape.HeadDimension));
}
