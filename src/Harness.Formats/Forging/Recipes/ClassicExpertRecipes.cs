using static Harness.Formats.Forging.Recipes.QwenExpertRecipes;

namespace Harness.Formats.Forging.Recipes;

/// <summary>Mixtures of experts without shared experts, and the two Llamas.</summary>
internal static class ClassicExpertRecipes
{
    /// <summary>The variant of <c>llama</c> with experts, which Mixtral is.</summary>
    public static ForgeProbe Mixtral()
    {
        ForgeShape shape = WideExperts("llama") with { Tokenizer = ForgedTokenizer.SentencePiece };
        return shape.Variant("experts", shape.ExpertKeys(new ForgeKeys().Without("expert_feed_forward_length"))) with
        {
            Tensors = s => DecoderTensors.Model(s, layer =>
                [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.Experts()]),
        };
    }

    /// <summary>A variant with experts, and a shared one of some length, of an architecture whose layers have llama's form.</summary>
    public static ForgeProbe Experts(ForgeShape dense, int sharedLength)
    {
        ForgeShape shape = WideExperts(dense.Architecture) with { Tokenizer = dense.Tokenizer };
        shape = shape with { Experts = shape.Experts! with { SharedLength = sharedLength } };
        return shape.Variant("experts", shape.ExpertKeys(new() { { "expert_shared_feed_forward_length", sharedLength } })) with
        {
            Tensors = s => DecoderTensors.Model(s, layer =>
                [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.Experts()]),
        };
    }

    /// <summary>
    /// <c>llama4</c>: every second layer has experts, which are weighted before they compute, and a shared one; every fourth
    /// layer has no rotation, the others norms without weights after it.
    /// </summary>
    public static ForgeArchitecture Llama4()
    {
        ForgeShape shape = Shape("llama4", sharedLength: 256) with { Layers = 4, Heads = 16 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"),
                .. layer.Index % 2 == 1 ? layer.Experts() : layer.GatedFeedForward(),
            ]),
            shape.ExpertKeys(new() { { "interleave_moe_layer_step", 2 } }));
    }

    /// <summary><c>phimoe</c>: norms, projection and head with biases; scaled rotation for long contexts.</summary>
    public static ForgeArchitecture PhiMoe()
    {
        ForgeShape shape = WideExperts("phimoe");
        return new(
            shape,
            s => DecoderTensors.Model(
                s,
                layer =>
                [
                    .. NormWithBias(layer, "attn_norm"), .. layer.Attention(bias: true, outputBias: true),
                    .. NormWithBias(layer, "ffn_norm"), .. layer.Experts(),
                ],
                [
                    DecoderTensors.Bias("output_norm", s.Embedding), DecoderTensors.Bias("output", s.Vocabulary),
                    .. DecoderTensors.LongRopeFactors(s.HeadDimension),
                ]),
            shape.ExpertKeys(new() { { "rope.scaling.original_context_length", 32 }, { "rope.scaling.attn_factor", 1.19f } }));
    }

    /// <summary><c>gpt-oss</c>: biases everywhere, sinks, every second layer windowed, a bounded activation.</summary>
    public static ForgeArchitecture GptOss()
    {
        ForgeShape shape = Shape("gpt-oss") with { HeadDimension = 64, Tokenizer = ForgedTokenizer.BpeLlama };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(bias: true, outputBias: true),
                layer.Between("attn_sinks.weight", [s.Heads], -1, 2),
                .. layer.Norm("post_attention_norm"), .. layer.Experts(bias: true),
            ]),
            shape.ExpertKeys(new()
            {
                { "attention.sliding_window", 12 }, { "rope.scaling.type", "yarn" }, { "rope.scaling.factor", 4f },
                { "rope.scaling.original_context_length", 256 },
            }));
    }

    /// <summary><c>granitemoe</c>: scales of embedding, residual, attention and logits; a shared expert.</summary>
    public static ForgeArchitecture GraniteMoe()
    {
        ForgeShape shape = WideExperts("granitemoe");
        shape = shape with { Experts = shape.Experts! with { SharedLength = 256 } };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
                [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.Experts()]),
            shape.ExpertKeys(new()
            {
                { "logit_scale", 1.5f }, { "residual_scale", 0.7f }, { "embedding_scale", 3f }, { "attention.scale", 0.2f },
                { "expert_shared_feed_forward_length", 256 },
            }));
    }

    /// <summary><c>grok</c>: capped scores and logits, norms after attention and after experts, a dense feed-forward beside them.</summary>
    public static ForgeArchitecture Grok()
    {
        ForgeShape shape = Shape("grok", count: 5);
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("attn_output_norm"), .. layer.Norm("ffn_norm"),
                .. layer.Experts(), .. layer.GatedFeedForward(), .. layer.Norm("post_ffw_norm"),
            ]),
            shape.ExpertKeys(new()
            {
                { "embedding_scale", 5f }, { "logit_scale", 0.6f }, { "attention.output_scale", 0.15f },
                { "attn_logit_softcapping", 4f }, { "final_logit_softcapping", 12f },
            }));
    }

    /// <summary><c>dbrx</c>: layer norms without biases, a fused and clamped projection.</summary>
    public static ForgeArchitecture Dbrx()
    {
        ForgeShape shape = WideExperts("dbrx") with { Norm = ForgeNorm.LayerWithoutBias };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
                [.. layer.Norm("attn_norm"), .. layer.FusedAttention(), .. layer.Norm("attn_output_norm"), .. layer.Experts()]),
            shape.ExpertKeys(new() { { "attention.clamp_kqv", 1.5f } }));
    }

    /// <summary><c>arctic</c>: a dense feed-forward after attention, and experts that read what the layer read.</summary>
    public static ForgeArchitecture Arctic()
    {
        ForgeShape shape = WideExperts("arctic");
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"),
                .. (layer with { Shape = s with { FeedForward = s.Embedding } }).GatedFeedForward(),
                .. layer.Norm("ffn_norm_exps"), .. layer.Experts(),
            ]),
            shape.ExpertKeys());
    }

    private static IEnumerable<ForgeTensor> NormWithBias(ForgeLayer layer, string name) =>
        [.. layer.Norm(name), layer.Bias(name, layer.Shape.Embedding) with { GainEighths = 1 }];
}
