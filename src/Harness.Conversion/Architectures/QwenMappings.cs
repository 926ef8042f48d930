using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>Qwen 2 and 3, with and without experts.</summary>
internal static class QwenMappings
{
    public static ModelMapping Qwen2() => new(
        "qwen2",
        ["Qwen2ForCausalLM", "Qwen2Model"],
        model => model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(biases: Biases.Required), .. layer.GatedFeedForward()]))
    {
        Demands = [Demand.Silu],
    };

    /// <summary>Beside the experts one that is always asked, behind a gate of its own.</summary>
    public static ModelMapping Qwen2Moe() => new(
        "qwen2moe",
        ["Qwen2MoeForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norms(), .. layer.Attention(biases: Biases.Required),
            .. layer.Experts("mlp.gate", "mlp.experts", model.Config.Length("moe_intermediate_size")),
            .. layer.Gated("mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj", "mlp.shared_expert.down_proj", model.Config.Length("shared_expert_intermediate_size"), "_shexp"),

            // One row: the gate is a vector.
            layer.As("ffn_gate_inp_shexp.weight", layer.Take("mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp", Dim.Of(1), model.Embedding).As(model.Embedding.Value)),
        ]),
        ExpertKeys)
    {
        // The weights of the chosen experts stay as the router's softmax over all gives them.
        Demands = [Demand.Silu, new(["norm_topk_prob"], "false"), new(["decoder_sparse_step"], "1"), new(["mlp_only_layers"], "[]")],
    };

    public static ModelMapping Qwen3() => new(
        "qwen3",
        ["Qwen3ForCausalLM", "Qwen3Model"],
        model => model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(), .. layer.HeadNorms(), .. layer.GatedFeedForward()]))
    {
        Defaults = """{ "head_dim": 128 }""",
        Demands = [Demand.Silu],
    };

    public static ModelMapping Qwen3Moe() => new(
        "qwen3moe",
        ["Qwen3MoeForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norms(), .. layer.Attention(), .. layer.HeadNorms(),
            .. layer.Experts("mlp.gate", "mlp.experts", model.Config.Length("moe_intermediate_size")),
        ]),
        ExpertKeys)
    {
        // The weights of the chosen experts are made to sum to one.
        Demands = [Demand.Silu, new(["norm_topk_prob"], "true"), new(["decoder_sparse_step"], "1"), new(["mlp_only_layers"], "[]")],
    };

    private static ModelKeys ExpertKeys(SourceModel model) => new()
    {
        { "expert_feed_forward_length", model.Config.Length("moe_intermediate_size") },
        { "expert_shared_feed_forward_length", model.Config.TryLength("shared_expert_intermediate_size") },
    };
}
