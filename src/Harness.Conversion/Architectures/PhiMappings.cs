using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>Microsoft's Phi.</summary>
internal static class PhiMappings
{
    /// <summary>Phi-2: attention and feed-forward side by side behind one norm, biases everywhere.</summary>
    public static ModelMapping Phi2() => new(
        "phi2",
        ["PhiForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(biases: Biases.Required, output: "dense"),
                .. layer.FeedForward("mlp.fc1", "mlp.fc2"),
            ],
            PartNames.Usual with { Norm = "model.final_layernorm" }),
        model => new() { { "rope.dimension_count", Rotated(model, 0.5) } });

    /// <summary>Phi-3 and Phi-4: query, key and value in one matrix, gate and up in one, as GGUF holds them too.</summary>
    public static ModelMapping Phi3() => new(
        "phi3",
        ["Phi3ForCausalLM"],
        model =>
        [
            .. model.Decoder(layer =>
            [
                .. layer.Norms(),
                .. layer.Linear("self_attn.qkv_proj", "attn_qkv", model.QueryWidth + (2 * model.KeyWidth), model.Embedding),
                .. layer.Linear("self_attn.o_proj", "attn_output", model.Embedding, model.QueryWidth),
                .. layer.Linear("mlp.gate_up_proj", "ffn_up", 2 * model.FeedForward, model.Embedding),
                .. layer.Linear("mlp.down_proj", "ffn_down", model.Embedding, model.FeedForward),
            ]),
            .. RotaryFactors.LongRope(model, new Dim(Rotated(model, 1), "rotated values of a head")),
        ],
        model =>
        [
            .. RotaryFactors.LongRopeKeys(model),
            .. new ModelKeys
            {
                { "rope.dimension_count", Rotated(model, 1) },

                // Nought tells Phi-4 from the others, which have a window.
                { "attention.sliding_window", model.Config.TryWhole("sliding_window") ?? 0 },
            },
        ])
    {
        Demands = [Demand.Silu],
    };

    private static long Rotated(SourceModel model, double otherwise) =>
        (long)((RopeParameters.Of(model.Config).PartialFactor ?? otherwise) * model.Embedding.Value) / model.Heads.Value;
}
