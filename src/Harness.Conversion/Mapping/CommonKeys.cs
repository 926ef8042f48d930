using System.Text.Json;
using Harness.Conversion.Source;

namespace Harness.Conversion.Mapping;

/// <summary>
/// What nearly every configuration says in the same words: lengths, counts, rotation, norms, experts. The names are those of
/// the transformers library and of the models that came before it.
/// </summary>
internal static class CommonKeys
{
    public static ModelKeys Of(SourceModel model)
    {
        ModelConfig config = model.Config;
        ModelKeys keys = new()
        {
            { "block_count", model.Layers },
            { "context_length", config.TryLength("max_position_embeddings", "n_ctx", "n_positions", "max_sequence_length", "model_max_length", "seq_length", "max_seq_len") },
            { "embedding_length", model.Embedding },
            { "feed_forward_length", model.FeedForward },
            { "attention.head_count", model.Heads },
            { "attention.head_count_kv", model.KvHeads },
            { "attention.layer_norm_rms_epsilon", config.TryNumber("rms_norm_eps", "norm_eps") },
            { "attention.layer_norm_epsilon", config.TryNumber("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon") },
            { "vocab_size", model.Vocabulary },
            { "expert_count", config.TryWhole("num_local_experts", "num_experts", "n_routed_experts") },
            { "expert_used_count", config.TryWhole("num_experts_per_tok", "num_experts_per_token", "top_k_experts") },
            { "expert_group_count", config.TryWhole("n_group") },
            { "expert_group_used_count", config.TryWhole("topk_group") },
        };
        if (config.TryText("score_function", "scoring_func", "score_func", "moe_router_activation_func") is { } gate)
            keys.Add("expert_gating_func", gate switch { "softmax" => 1, "sigmoid" => 2, _ => throw config.Unsupported("scoring_func", gate) });
        if (config.TryLength("head_dim") is { } head)
        {
            keys.Add("attention.key_length", head);
            keys.Add("attention.value_length", head);
        }

        AddRotation(keys, RopeParameters.Of(config), config);
        return keys;
    }

    private static void AddRotation(ModelKeys keys, RopeParameters rope, ModelConfig config)
    {
        keys.Add("rope.freq_base", rope.Base);
        keys.Add("rope.freq_base_swa", rope.WindowedBase);
        switch (rope.Type)
        {
            case null or "default" or "none" or "llama3" or "dynamic" or "mrope":
                break;
            case "linear":
                keys.Add("rope.scaling.type", "linear");
                keys.Add("rope.scaling.factor", rope.Number("factor"));
                break;
            case "yarn" when rope.Number("factor") is { } factor:
                keys.Add("rope.scaling.type", "yarn");
                keys.Add("rope.scaling.factor", factor);
                keys.Add("rope.scaling.original_context_length", (long?)rope.Number("original_max_position_embeddings") ?? config.TryWhole("original_max_position_embeddings", "max_position_embeddings"));
                keys.Add("rope.scaling.yarn_ext_factor", rope.Number("extrapolation_factor"));
                keys.Add("rope.scaling.yarn_attn_factor", rope.Number("attention_factor") ?? rope.Number("attn_factor"));
                keys.Add("rope.scaling.yarn_beta_fast", rope.Number("beta_fast"));
                keys.Add("rope.scaling.yarn_beta_slow", rope.Number("beta_slow"));
                break;
            case "su" or "longrope":
                keys.Add("rope.scaling.type", "longrope");
                break;
            default:
                throw config.Unsupported("rope_scaling.type", rope.Type);
        }

        if (rope.Find("mrope_section") is { ValueKind: JsonValueKind.Array } sections)
            keys.Add("rope.dimension_sections", [.. sections.EnumerateArray().Select(s => s.TryGetInt32(out int n) ? n : throw config.Wrong("mrope_section", s, "a whole number")).Concat([0, 0, 0, 0]).Take(4)]);
    }
}
