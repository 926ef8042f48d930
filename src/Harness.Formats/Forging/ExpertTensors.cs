using Harness.Formats.Gguf;

namespace Harness.Formats.Forging;

/// <summary>The tensors of a layer's experts.</summary>
internal static class ExpertTensors
{
    /// <summary>Router, gated experts, the shared expert where the shape has one.</summary>
    /// <param name="layer">The layer; its shape has experts.</param>
    /// <param name="bias">Experts and router have biases.</param>
    /// <param name="selectionBias">Experts have a bias while they are chosen.</param>
    /// <param name="fused">Gate and up are one matrix.</param>
    /// <param name="gated">Experts have a gate.</param>
    public static IEnumerable<ForgeTensor> Experts(
        this ForgeLayer layer, bool bias = false, bool selectionBias = false, bool fused = false, bool gated = true)
    {
        ForgeExperts experts = Of(layer);
        int embedding = layer.Shape.Embedding;
        yield return layer.Router();
        if (bias)
            yield return layer.Bias("ffn_gate_inp", experts.Count) with { GainEighths = 1 };
        if (selectionBias)
            yield return layer.SelectionBias();
        if (fused)
            yield return layer.ExpertWeight("ffn_gate_up_exps", embedding, 2 * experts.Length, experts.Count);
        if (gated && !fused)
            yield return layer.ExpertWeight("ffn_gate_exps", embedding, experts.Length, experts.Count);
        if (!fused)
            yield return layer.ExpertWeight("ffn_up_exps", embedding, experts.Length, experts.Count);
        yield return layer.ExpertWeight("ffn_down_exps", experts.Length, embedding, experts.Count, ForgeLayer.One * 3 / 2);
        if (bias)
        {
            yield return layer.Bias("ffn_gate_exps", experts.Length, experts.Count);
            yield return layer.Bias("ffn_up_exps", experts.Length, experts.Count);
            yield return layer.Bias("ffn_down_exps", embedding, experts.Count);
        }

        if (experts.SharedLength == 0)
            yield break;
        if (gated)
            yield return layer.Weight("ffn_gate_shexp", embedding, experts.SharedLength);
        yield return layer.Weight("ffn_up_shexp", embedding, experts.SharedLength);
        yield return layer.Back("ffn_down_shexp", experts.SharedLength);
    }

    /// <summary>The router, which reads the tokens' classes.</summary>
    public static ForgeTensor Router(this ForgeLayer layer) =>
        new($"blk.{layer.Index}.ffn_gate_inp.weight", [layer.Shape.Embedding, Of(layer).Count], ForgeValues.Router, 1) { Experts = Of(layer) };

    /// <summary>The bias of experts while they are chosen.</summary>
    public static ForgeTensor SelectionBias(this ForgeLayer layer, string name = "exp_probs_b.bias") =>
        new($"blk.{layer.Index}.{name}", [Of(layer).Count], ForgeValues.SelectionBias) { Experts = Of(layer) };

    /// <summary>The counts, as most architectures state them, and what else a recipe states.</summary>
    public static ForgeKeys ExpertKeys(this ForgeShape shape, ForgeKeys? more = null)
    {
        ForgeExperts experts = shape.Experts ?? throw new InvalidOperationException($"The shape of '{shape.Architecture}' has no experts.");
        ForgeKeys keys = new()
        {
            { "expert_count", experts.Count },
            { "expert_used_count", experts.Used },
            { "expert_feed_forward_length", experts.Length },
        };
        if (experts.Groups > 1)
        {
            keys.Add("expert_group_count", experts.Groups);
            keys.Add("expert_group_used_count", experts.GroupsUsed);
        }

        foreach ((string key, GgufValue? value) in more ?? ForgeKeys.None)
            keys.Add(key, value);
        return keys;
    }

    private static ForgeExperts Of(ForgeLayer layer) =>
        layer.Shape.Experts ?? throw new InvalidOperationException($"The shape of '{layer.Shape.Architecture}' has no experts.");
}
