namespace Harness.Formats.Forging;

/// <summary>Metadata of a true shape, in the place of what its architecture's probe has.</summary>
internal static class ShapeKeys
{
    /// <summary>The keys of a shape's experts, window, latent attention and recurrence.</summary>
    public static ForgeKeys Of(ForgeShape shape)
    {
        ForgeKeys keys = [];
        if (shape.Experts is { } experts)
        {
            foreach ((string key, Gguf.GgufValue? value) in shape.ExpertKeys())
                keys.Add(key, value);
            keys.Add("expert_shared_feed_forward_length", experts.SharedLength > 0 ? Gguf.GgufValue.Of((uint)experts.SharedLength) : null);
            if (experts.SharedLength > 0)
                keys.Add("expert_shared_count", Math.Max(1, experts.SharedLength / experts.Length));
        }

        if (shape.Window is int window)
            keys.Add("attention.sliding_window", window);
        if (shape.Architecture == "gptneox")
            keys.Add("use_parallel_residual", true);
        if (shape.Latent is { } latent)
            AddLatent(keys, latent, absorbed: shape.KvHeads == 1);
        if (shape.StateHeads is { } heads)
        {
            keys.Add("ssm.inner_size", heads.Count * heads.Length);
            keys.Add("ssm.state_size", heads.States);
            keys.Add("ssm.time_step_rank", heads.Count);
            keys.Add("ssm.group_count", heads.Groups);
        }

        if (shape.AttentionLayers is { } attention)
            keys.Add("attention.head_count_kv", [.. Enumerable.Range(0, shape.Layers).Select(i => attention.Contains(i) ? shape.KvHeads : 0)]);
        return keys;
    }

    // Absorbed, all heads share one key: the latent vector and the rotated part.
    private static void AddLatent(ForgeKeys keys, ForgeLatent latent, bool absorbed)
    {
        if (absorbed)
        {
            keys.Add("leading_dense_block_count", 1);
            keys.Add("expert_gating_func", 2);
            keys.Add("expert_weights_norm", true);
        }

        int length = latent.Plain + latent.Rotated;
        keys.Add("attention.q_lora_rank", latent.QueryRank);
        keys.Add("attention.kv_lora_rank", latent.Rank);
        keys.Add("attention.key_length", absorbed ? latent.Rank + latent.Rotated : length);
        keys.Add("attention.value_length", absorbed ? latent.Rank : latent.Value);
        keys.Add("rope.dimension_count", latent.Rotated);
        if (!absorbed)
            return;
        keys.Add("attention.key_length_mla", length);
        keys.Add("attention.value_length_mla", latent.Value);
    }
}
