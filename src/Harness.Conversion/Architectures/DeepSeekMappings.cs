using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Architectures;

/// <summary>DeepSeek: experts beside shared ones; from V2 on, keys and values through a latent.</summary>
internal static class DeepSeekMappings
{
    /// <summary>DeepSeek V2 and V3, Kimi K2: what leads from the latent to keys and to values becomes two stacks of matrices, one a head.</summary>
    public static ModelMapping DeepSeek2() => new(
        "deepseek2",
        ["DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "KimiVLForConditionalGeneration"],
        model => model.Decoder(layer =>
        [
            .. layer.Norms(), .. Latent(layer),
            .. layer.Index < (model.Config.TryWhole("first_k_dense_replace") ?? 0) ? layer.GatedFeedForward() : Experts(layer),
        ]),
        model => new()
        {
            // The latent is one head that all queries share.
            { "attention.head_count_kv", 1L },
            { "attention.key_length", model.Config.Length("kv_lora_rank") + model.Config.Length("qk_rope_head_dim") },
            { "attention.value_length", model.Config.Length("kv_lora_rank") },
            { "attention.key_length_mla", model.Config.Length("qk_nope_head_dim") + model.Config.Length("qk_rope_head_dim") },
            { "attention.value_length_mla", model.Config.Length("v_head_dim") },
            { "attention.q_lora_rank", model.Config.TryLength("q_lora_rank") },
            { "attention.kv_lora_rank", model.Config.Length("kv_lora_rank") },
            { "rope.dimension_count", model.Config.Length("qk_rope_head_dim") },
            { "rope.scaling.yarn_log_multiplier", 0.1 * RopeParameters.Of(model.Config).Number("mscale_all_dim") },
            { "leading_dense_block_count", model.Config.TryWhole("first_k_dense_replace") ?? 0 },
            { "expert_feed_forward_length", model.Config.TryLength("moe_intermediate_size") },
            { "expert_shared_count", model.Config.TryWhole("n_shared_experts") },
            { "expert_weights_scale", model.Config.TryNumber("routed_scaling_factor") },
            { "expert_weights_norm", model.Config.TryFlag("norm_topk_prob") },
        });

    private static IEnumerable<MappedTensor> Latent(LayerMapping layer)
    {
        SourceModel model = layer.Model;
        ModelConfig config = model.Config;
        Dim plain = config.Length("qk_nope_head_dim"), rotated = config.Length("qk_rope_head_dim"), value = config.Length("v_head_dim"), latent = config.Length("kv_lora_rank");
        Dim queries = model.Heads * (plain + rotated);
        TensorValues both = layer.Take("self_attn.kv_b_proj.weight", "attn_k_b and attn_v_b", model.Heads * (plain + value), latent)
            .As(model.Heads.Value, plain.Value + value.Value, latent.Value);
        return
        [
            .. config.TryLength("q_lora_rank") is { } rank
                ?
                [
                    .. layer.Linear("self_attn.q_a_proj", "attn_q_a", rank, model.Embedding), .. layer.Norm("self_attn.q_a_layernorm", "attn_q_a_norm", rank),
                    .. layer.Linear("self_attn.q_b_proj", "attn_q_b", queries, rank),
                ]
                : layer.Linear("self_attn.q_proj", "attn_q", queries, model.Embedding),
            .. layer.Linear("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa", latent + rotated, model.Embedding),
            .. layer.Norm("self_attn.kv_a_layernorm", "attn_kv_a_norm", latent),
            layer.As("attn_k_b.weight", both.InnerSlices(0, plain.Value).EachTransposed()),
            layer.As("attn_v_b.weight", both.InnerSlices(plain.Value, value.Value)),
            .. layer.Linear("self_attn.o_proj", "attn_output", model.Embedding, model.Heads * value),
        ];
    }

    private static IEnumerable<MappedTensor> Experts(LayerMapping layer)
    {
        SourceModel model = layer.Model;
        Dim length = model.Config.Length("moe_intermediate_size");
        return
        [
            .. layer.Experts("mlp.gate", "mlp.experts", length),
            .. layer.Has("mlp.gate.e_score_correction_bias")
                ? [layer.As("exp_probs_b.bias", layer.Take("mlp.gate.e_score_correction_bias", "exp_probs_b", model.Experts))]
                : (IEnumerable<MappedTensor>)[],
            .. model.Config.TryLength("n_shared_experts") is { } shared
                ? layer.Gated("mlp.shared_experts.gate_proj", "mlp.shared_experts.up_proj", "mlp.shared_experts.down_proj", shared * length, "_shexp")
                : [],
        ];
    }
}
