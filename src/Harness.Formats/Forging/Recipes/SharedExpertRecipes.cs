using static Harness.Formats.Forging.Recipes.QwenExpertRecipes;

namespace Harness.Formats.Forging.Recipes;

/// <summary>Mixtures with dense layers first, a shared expert, and experts whose choice is balanced by a bias.</summary>
internal static class SharedExpertRecipes
{
    /// <summary><c>glm4moe</c>: half of a head rotated, biases on query, key and value, norms of heads.</summary>
    public static ForgeArchitecture Glm4Moe() => Build(
        Shape("glm4moe", sharedLength: 256),
        layer => [.. layer.Attention(bias: true), .. layer.HeadNorms()],
        new() { { "expert_weights_norm", true }, { "expert_weights_scale", 1.5f }, { "rope.dimension_count", 16 } },
        feedForwardNorm: "post_attention_norm");

    /// <summary><c>bailingmoe</c>: softmax over experts, all layers with experts.</summary>
    public static ForgeArchitecture BailingMoe() => Build(
        Shape("bailingmoe", sharedLength: 512),
        layer => layer.Attention(),
        new() { { "expert_weights_norm", true }, { "expert_shared_count", 2 } },
        dense: 0,
        selectionBias: null);

    /// <summary><c>bailingmoe2</c>: fused projection, norms of heads, half of a head rotated, experts from groups.</summary>
    public static ForgeArchitecture BailingMoe2()
    {
        ForgeShape shape = Shape("bailingmoe2", count: 9, used: 4, sharedLength: 256);
        return Build(
            shape with { Experts = shape.Experts! with { Groups = 3, GroupsUsed = 2 } },
            layer => [.. layer.FusedAttention(), .. layer.HeadNorms()],
            new() { { "expert_gating_func", 2 }, { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "rope.dimension_count", 16 } });
    }

    /// <summary><c>dots1</c>: norms of heads; as many heads of keys as of queries.</summary>
    public static ForgeArchitecture Dots1() => Build(
        Shape("dots1", sharedLength: 512) with { KvHeads = 8 },
        layer => [.. layer.Attention(), .. layer.HeadNorms()],
        new() { { "expert_gating_func", 2 }, { "expert_weights_norm", true }, { "expert_weights_scale", 2.5f }, { "expert_shared_count", 2 } });

    /// <summary><c>ernie4_5-moe</c>: softmax with a bias while experts are chosen.</summary>
    public static ForgeArchitecture Ernie45Moe() => Build(
        Shape("ernie4_5-moe", sharedLength: 512),
        layer => layer.Attention(),
        new() { { "interleave_moe_layer_step", 1 }, { "expert_shared_feed_forward_length", 512 } });

    /// <summary><c>hunyuan-moe</c>: norms of heads after rotation; the shared expert in every layer.</summary>
    public static ForgeArchitecture HunyuanMoe()
    {
        ForgeShape shape = WideExperts("hunyuan-moe");
        return Build(
            shape with { Experts = shape.Experts! with { SharedLength = 256 } },
            layer => [.. layer.Attention(), .. layer.HeadNorms()],
            new() { { "expert_shared_feed_forward_length", 256 } },
            dense: 0,
            selectionBias: null);
    }

    /// <summary><c>hy_v3</c>: norms of heads before rotation; a bias whose name has no suffix.</summary>
    public static ForgeArchitecture HyV3() => Build(
        Shape("hy_v3", sharedLength: 512) with { HeadDimension = 64 },
        layer => [.. layer.Attention(), .. layer.HeadNorms()],
        new() { { "expert_shared_feed_forward_length", 512 }, { "expert_weights_norm", true }, { "expert_weights_scale", 2f } },
        selectionBias: "exp_probs_b");

    /// <summary><c>minimax-m2</c>: all heads' queries normed as one vector, and keys; half of a head rotated; no shared expert.</summary>
    public static ForgeArchitecture MiniMaxM2() => Build(
        WideExperts("minimax-m2") with { HeadDimension = 64 },
        layer => [.. layer.Attention(), layer.Scale("attn_q_norm", layer.QueryWidth), layer.Scale("attn_k_norm", layer.KeyWidth)],
        new() { { "expert_gating_func", 2 }, { "rope.dimension_count", 32 } },
        dense: 0);

    /// <summary><c>exaone-moe</c>: windowed layers are rotated, the others see all and are not.</summary>
    public static ForgeArchitecture ExaoneMoe() => Build(
        Shape("exaone-moe", sharedLength: 512),
        layer => [.. layer.Attention(), .. layer.HeadNorms()],
        new()
        {
            { "attention.sliding_window", 12 }, { "attention.sliding_window_pattern", 3 }, { "expert_shared_count", 1 },
            { "expert_shared_feed_forward_length", 512 }, { "expert_gating_func", 2 }, { "expert_weights_norm", true },
            { "expert_weights_scale", 2.5f },
        });

    /// <summary><c>afmoe</c>: a gate on what is attended to, norms after attention and feed-forward, a scaled embedding.</summary>
    public static ForgeArchitecture Afmoe() => Build(
        Shape("afmoe", count: 4, sharedLength: 256) with { Layers = 4, HeadDimension = 64, KvHeads = 1 },
        layer =>
        [
            .. layer.Attention(), .. layer.HeadNorms(), layer.Weight("attn_gate", layer.Shape.Embedding, layer.AttendedWidth),
            .. layer.Norm("post_attention_norm"), .. layer.Norm("post_ffw_norm"),
        ],
        new()
        {
            { "attention.sliding_window", 12 }, { "expert_weights_norm", true }, { "expert_weights_scale", 2.8f },
        });

    private static ForgeArchitecture Build(
        ForgeShape shape,
        Func<ForgeLayer, IEnumerable<ForgeTensor>> attention,
        ForgeKeys keys,
        int dense = 1,
        string? selectionBias = "exp_probs_b.bias",
        string feedForwardNorm = "ffn_norm")
    {
        ForgeKeys all = new() { { "leading_dense_block_count", dense }, { "expert_shared_count", 1 } };
        foreach ((string key, Gguf.GgufValue? value) in keys)
            all.Add(key, value);
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. attention(layer), .. layer.Norm(feedForwardNorm),
                .. layer.Index < dense ? layer.GatedFeedForward() : Mixture(layer, selectionBias),
            ]),
            shape.ExpertKeys(all));
    }

    private static IEnumerable<ForgeTensor> Mixture(ForgeLayer layer, string? selectionBias) =>
        selectionBias is null ? layer.Experts() : [.. layer.Experts(), layer.SelectionBias(selectionBias)];
}
