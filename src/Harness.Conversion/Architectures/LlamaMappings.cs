using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Architectures;

/// <summary>Llama, and what is llama but for a choice or two.</summary>
internal static class LlamaMappings
{
    /// <summary>Llama, Mistral, and Mixtral, whose experts' matrices are numbered.</summary>
    public static ModelMapping Llama() => new(
        "llama",
        ["LlamaForCausalLM", "LLaMAForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "LlamaModel"],
        Layers,
        model => new() { { "rope.dimension_count", model.HeadDimension } })
    {
        Defaults = """{ "tie_word_embeddings": false }""",
        Demands = [Demand.Silu],
    };

    /// <summary>Granite: llama with four scales.</summary>
    public static ModelMapping Granite() => new("granite", ["GraniteForCausalLM"], Layers, Scales)
    {
        Defaults = """{ "tie_word_embeddings": true }""",
        Demands = [Demand.Silu],
    };

    /// <summary>Granite with experts: all of them in one tensor, gate and up side by side, and perhaps one that is always asked.</summary>
    public static ModelMapping GraniteMoe() => new(
        "granitemoe",
        ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norms(), .. layer.Attention(Rotation.ToNeighbours),
            layer.As("ffn_gate_inp.weight", layer.Take("block_sparse_moe.router.layer.weight", "ffn_gate_inp", model.Experts, model.Embedding)),
            .. Halves(layer, "block_sparse_moe", "exps", model.FeedForward, model.Experts),
            .. model.Config.TryLength("shared_intermediate_size") is { } shared ? Halves(layer, "shared_mlp", "shexp", shared) : [],
        ]),
        model => [.. Scales(model), .. new ModelKeys { { "expert_shared_feed_forward_length", model.Config.TryLength("shared_intermediate_size") } }])
    {
        Defaults = """{ "tie_word_embeddings": true }""",
    };

    /// <summary>SmolLM3: llama; every fourth layer does not rotate, which the architecture's name tells.</summary>
    public static ModelMapping SmolLm3() => new(
        "smollm3", ["SmolLM3ForCausalLM"], Layers, model => new() { { "rope.dimension_count", model.HeadDimension } })
    {
        Defaults = """{ "tie_word_embeddings": true }""",
    };

    /// <summary>Arcee: a squared ReLU without a gate.</summary>
    public static ModelMapping Arcee() => new(
        "arcee",
        ["ArceeForCausalLM"],
        model => [.. model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(Rotation.ToNeighbours), .. layer.FeedForward("mlp.up_proj", "mlp.down_proj")]), .. RotaryFactors.Llama3(model)],
        model => new() { { "rope.dimension_count", model.HeadDimension } });

    /// <summary>Seed-OSS: half-head pairs, biases on query, key and value.</summary>
    public static ModelMapping SeedOss() => new(
        "seed_oss",
        ["SeedOssForCausalLM"],
        model => model.Decoder(layer =>
            [.. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(), .. layer.Norm("post_attention_layernorm", "post_attention_norm"), .. layer.GatedFeedForward()]));

    /// <summary>ERNIE 4.5: neighbours turn together in its own code too.</summary>
    public static ModelMapping Ernie() => new(
        "ernie4_5",
        ["Ernie4_5_ForCausalLM", "Ernie4_5ForCausalLM"],
        model => model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(), .. layer.GatedFeedForward()], tied: true));

    /// <summary>MiniCPM: scales of the embedding, of what each block adds, and of the logits.</summary>
    public static ModelMapping MiniCpm() => new(
        "minicpm",
        ["MiniCPMForCausalLM"],
        model =>
        [
            .. model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(Rotation.ToNeighbours), .. layer.GatedFeedForward()], tied: true),
            .. RotaryFactors.LongRope(model, model.HeadDimension),
        ],
        model => new()
        {
            { "rope.dimension_count", model.HeadDimension },
            { "embedding_scale", model.Config.Number("scale_emb") },
            { "residual_scale", model.Config.Number("scale_depth") / Math.Sqrt(model.Layers.Value) },
            { "logit_scale", model.Embedding.Value / model.Config.Number("dim_model_base") },
        });

    /// <summary>InternLM2: query, key and value in one matrix, by groups of query heads with their key and value.</summary>
    public static ModelMapping InternLm2() => new(
        "internlm2",
        ["InternLM2ForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Norm("attention_norm", "attn_norm"), .. FusedQkv.Grouped(layer, "attention.wqkv", Rotation.ToNeighbours),
                .. layer.Linear("attention.wo", "attn_output", model.Embedding, model.QueryWidth),
                .. layer.Norm("ffn_norm", "ffn_norm"), .. layer.GatedFeedForward("feed_forward.w1", "feed_forward.w3", "feed_forward.w2"),
            ],
            new PartNames("model.tok_embeddings", "model.layers", "model.norm", "output")),
        model => new() { { "rope.dimension_count", model.HeadDimension } });

    /// <summary>Baichuan: query, key and value one behind the other in one matrix.</summary>
    public static ModelMapping Baichuan() => new(
        "baichuan",
        ["BaichuanForCausalLM", "BaiChuanForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norms(), .. FusedQkv.InTurn(layer, "self_attn.W_pack", Rotation.ToNeighbours),
            .. layer.Linear("self_attn.o_proj", "attn_output", model.Embedding, model.QueryWidth), .. layer.GatedFeedForward(),
        ]),
        model => new() { { "rope.dimension_count", model.HeadDimension } });

    private static IEnumerable<MappedTensor> Layers(SourceModel model) =>
    [
        .. model.Decoder(layer =>
        [
            .. layer.Norms(), .. layer.Attention(Rotation.ToNeighbours),
            .. model.Config.TryLength("num_local_experts") is null
                ? layer.GatedFeedForward()
                : layer.Experts("block_sparse_moe.gate", "block_sparse_moe.experts", model.FeedForward, "w1", "w3", "w2"),
        ]),
        .. RotaryFactors.Llama3(model),
    ];

    private static ModelKeys Scales(SourceModel model) => new()
    {
        { "rope.dimension_count", model.HeadDimension },
        { "attention.scale", model.Config.TryNumber("attention_multiplier") },
        { "embedding_scale", model.Config.TryNumber("embedding_multiplier") },
        { "residual_scale", model.Config.TryNumber("residual_multiplier") },
        { "logit_scale", model.Config.TryNumber("logits_scaling") },
    };

    /// <summary>A gated feed-forward whose gate and up are the halves of one matrix, or of one for each expert.</summary>
    private static IEnumerable<MappedTensor> Halves(LayerMapping layer, string name, string suffix, Dim length, Dim? experts = null)
    {
        SourceModel model = layer.Model;
        Dim[] stack = experts is { } count ? [count] : [];
        TensorValues both = layer.Take($"{name}.input_linear.weight", $"ffn_gate_{suffix}", [.. stack, 2 * length, model.Embedding]);
        yield return layer.As($"ffn_gate_{suffix}.weight", experts is null ? both.Slices(0, length.Value) : both.InnerSlices(0, length.Value));
        yield return layer.As($"ffn_up_{suffix}.weight", experts is null ? both.Slices(length.Value, length.Value) : both.InnerSlices(length.Value, length.Value));
        yield return layer.As($"ffn_down_{suffix}.weight", layer.Take($"{name}.output_linear.weight", $"ffn_down_{suffix}", [.. stack, model.Embedding, length]));
    }
}
