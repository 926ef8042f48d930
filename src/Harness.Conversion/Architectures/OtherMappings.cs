using System.Text.Json;
using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>OLMo, Cohere, GLM and EXAONE: one or two entries a family.</summary>
internal static class OtherMappings
{
    /// <summary>OLMo: norms without weights; its configuration does not tell their ε.</summary>
    public static ModelMapping Olmo() => new(
        "olmo",
        ["OlmoForCausalLM", "OLMoForCausalLM"],
        model => model.Decoder(layer => [.. layer.Attention(Rotation.ToNeighbours), .. layer.GatedFeedForward()], PartNames.Usual with { Norm = null }),
        model => new() { { "attention.layer_norm_epsilon", 1e-5 }, { "attention.clamp_kqv", model.Config.TryNumber("clip_qkv") } });

    /// <summary>OLMo 2 and 3: norms behind the blocks, and of the whole query and key.</summary>
    public static ModelMapping Olmo2() => new(
        "olmo2",
        ["Olmo2ForCausalLM", "Olmo3ForCausalLM"],
        model => model.Decoder(layer => [.. BehindBlocks(layer, [.. layer.Attention(), .. layer.WholeNorms()])]),
        model => new()
        {
            { "attention.sliding_window", model.Config.TryLength("sliding_window") },
            { "attention.sliding_window_pattern", model.Config.TryLength("sliding_window") is null ? null : Windows(model) ?? EveryButNth(model, 4) },
        });

    /// <summary>OLMoE: OLMo 2's norms of query and key, norms before the blocks, experts.</summary>
    public static ModelMapping OlmoE() => new(
        "olmoe",
        ["OlmoeForCausalLM"],
        model => model.Decoder(layer =>
            [.. layer.Norms(), .. layer.Attention(), .. layer.WholeNorms(), .. layer.Experts("mlp.gate", "mlp.experts", model.FeedForward)]),
        model => new() { { "attention.layer_norm_rms_epsilon", model.Config.TryNumber("rms_norm_eps") ?? 1e-5 } });

    /// <summary>Command R: neighbours turn together in its own code too; from some size on, each head's norms have weights of their own.</summary>
    public static ModelMapping CommandR() => new(
        "command-r",
        ["CohereForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(), .. layer.GatedFeedForward(),
                .. layer.Has("self_attn.q_norm.weight")
                    ?
                    [
                        layer.As("attn_q_norm.weight", layer.Take("self_attn.q_norm.weight", "attn_q_norm", model.Heads, model.HeadDimension)),
                        layer.As("attn_k_norm.weight", layer.Take("self_attn.k_norm.weight", "attn_k_norm", model.KvHeads, model.HeadDimension)),
                    ]
                    : (IEnumerable<MappedTensor>)[],
            ],
            tied: true),
        model => new()
        {
            { "logit_scale", model.Config.TryNumber("logit_scale") ?? 0.0625 },
            { "context_length", model.Config.Length("model_max_length", "max_position_embeddings") },
            { "rope.scaling.type", "none" },
        });

    /// <summary>Command R7B: windows in three layers of four.</summary>
    public static ModelMapping Cohere2() => new(
        "cohere2",
        ["Cohere2ForCausalLM"],
        model => model.Decoder(layer => [.. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(), .. layer.GatedFeedForward()], tied: true),
        model => new()
        {
            { "logit_scale", model.Config.TryNumber("logit_scale") ?? 0.0625 },
            { "attention.sliding_window", model.Config.Length("sliding_window") },
            { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 1) * model.HeadDimension.Value) },
            { "rope.scaling.type", "none" },
        });

    /// <summary>GLM-4 of 2025: norms before and behind each block, gate and up in one matrix.</summary>
    public static ModelMapping Glm4() => new(
        "glm4",
        ["Glm4ForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(), .. layer.Norm("post_self_attn_layernorm", "post_attention_norm"),
            .. layer.Norm("post_attention_layernorm", "ffn_norm"),
            .. layer.Linear("mlp.gate_up_proj", "ffn_up", 2 * model.FeedForward, model.Embedding),
            .. layer.Linear("mlp.down_proj", "ffn_down", model.Embedding, model.FeedForward),
            .. layer.Norm("post_mlp_layernorm", "post_ffw_norm"),
        ]),
        model => new() { { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 0.5) * model.HeadDimension.Value) } });

    /// <summary>EXAONE 3: llama's blocks under GPT's names.</summary>
    public static ModelMapping Exaone() => new(
        "exaone",
        ["ExaoneForCausalLM"],
        model =>
        [
            .. model.Decoder(
                layer =>
                [
                    .. layer.Norm("ln_1", "attn_norm"), .. layer.Attention(name: "attn.attention", output: "out_proj"),
                    .. layer.Norm("ln_2", "ffn_norm"), .. layer.GatedFeedForward("mlp.c_fc_0", "mlp.c_fc_1", "mlp.c_proj"),
                ],
                PartNames.Gpt),
            .. RotaryFactors.Llama3(model),
        ],
        model => new()
        {
            { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 1) * model.HeadDimension.Value) },
            { "attention.layer_norm_rms_epsilon", model.Config.TryNumber("layer_norm_epsilon", "rms_norm_eps") },
            { "attention.layer_norm_epsilon", (double?)null },
        });

    /// <summary>EXAONE 4: norms behind the blocks and of each head; windows where it has them.</summary>
    public static ModelMapping Exaone4() => new(
        "exaone4",
        ["Exaone4ForCausalLM"],
        model => [.. model.Decoder(layer => BehindBlocks(layer, [.. layer.Attention(), .. layer.HeadNorms()])), .. RotaryFactors.Llama3(model)],
        model => new()
        {
            { "attention.sliding_window", model.Config.TryLength("sliding_window") },
            { "attention.sliding_window_pattern", model.Config.TryLength("sliding_window") is null ? null : Windows(model) ?? Pattern(model) },
        });

    private static IEnumerable<MappedTensor> BehindBlocks(LayerMapping layer, IEnumerable<MappedTensor> attention) =>
    [
        .. attention, .. layer.Norm("post_attention_layernorm", "post_attention_norm"),
        .. layer.GatedFeedForward(), .. layer.Norm("post_feedforward_layernorm", "post_ffw_norm"),
    ];

    /// <summary>Which layers have a window, where the configuration lists them.</summary>
    private static bool[]? Windows(SourceModel model) => model.Config.Find("layer_types") is { ValueKind: JsonValueKind.Array } types
        ? [.. types.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.String && t.GetString() == "sliding_attention")]
        : null;

    private static bool[] EveryButNth(SourceModel model, long n) => [.. Enumerable.Range(1, (int)model.Layers.Value).Select(i => i % n != 0)];

    private static bool[]? Pattern(SourceModel model) => model.Config.Find("sliding_window_pattern") switch
    {
        { ValueKind: JsonValueKind.Number } n when n.TryGetInt32(out int every) && every > 0 => EveryButNth(model, every),
        { ValueKind: JsonValueKind.String } letters when letters.GetString() is { Length: > 0 } text =>
            [.. Enumerable.Range(0, (int)model.Layers.Value).Select(i => text[i % text.Length] == 'L')],
        _ => null,
    };
}
