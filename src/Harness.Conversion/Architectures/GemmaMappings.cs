using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>Gemma: what is stored of a norm's weight is what goes beyond one, and the output head is the embedding.</summary>
internal static class GemmaMappings
{
    public static ModelMapping Gemma() => new(
        "gemma",
        ["GemmaForCausalLM"],
        model => Decoder(model, layer => [.. layer.Norms(), .. layer.Attention(), .. layer.GatedFeedForward()]),
        Heads)
    {
        AddSpacePrefix = false,
    };

    public static ModelMapping Gemma2() => new(
        "gemma2",
        ["Gemma2ForCausalLM"],
        model => Decoder(model, layer => BothSides(layer, layer.Attention())),
        model =>
        [
            .. Heads(model),
            .. new ModelKeys
            {
                { "attn_logit_softcapping", model.Config.TryNumber("attn_logit_softcapping") },
                { "final_logit_softcapping", model.Config.TryNumber("final_logit_softcapping") },
                { "attention.sliding_window", model.Config.Length("sliding_window") },
            },
        ])
    {
        AddSpacePrefix = false,
        Defaults = """{ "head_dim": 256, "sliding_window": 4096, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0 }""",
    };

    /// <summary>The text side of Gemma 3; its smallest configurations leave out what the class knows.</summary>
    public static ModelMapping Gemma3() => new(
        "gemma3",
        ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
        model => Decoder(model, layer => BothSides(layer, [.. layer.Attention(), .. layer.HeadNorms()])),
        model =>
        [
            .. Heads(model),
            .. new ModelKeys
            {
                { "final_logit_softcapping", model.Config.TryNumber("final_logit_softcapping") is > 0 and var cap ? cap : null },
                { "attention.sliding_window", model.Config.TryWhole("sliding_window_pattern") == 1 ? null : model.Config.Length("sliding_window") },
                { "rope.freq_base_swa", RopeParameters.Of(model.Config).WindowedBase ?? 10_000 },
            },
        ])
    {
        AddSpacePrefix = false,
        Defaults = """
            {
              "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0,
              "max_position_embeddings": 131072, "vocab_size": 262208, "sliding_window": 4096
            }
            """,
    };

    private static ModelKeys Heads(SourceModel model) => new()
    {
        { "attention.key_length", model.HeadDimension }, { "attention.value_length", model.HeadDimension },
    };

    private static IEnumerable<MappedTensor> Decoder(SourceModel model, Func<LayerMapping, IEnumerable<MappedTensor>> layer)
    {
        // Some tools save the embedding once more as a head that nothing uses.
        model.Skip("lm_head.weight");
        return model.Decoder(layer, tied: true, norm: beyond => beyond + 1).Where(t => t.Name != "output.weight");
    }

    private static IEnumerable<MappedTensor> BothSides(LayerMapping layer, IEnumerable<MappedTensor> attention) =>
    [
        .. layer.Norm("input_layernorm", "attn_norm"), .. attention, .. layer.Norm("post_attention_layernorm", "post_attention_norm"),
        .. layer.Norm("pre_feedforward_layernorm", "ffn_norm"), .. layer.GatedFeedForward(), .. layer.Norm("post_feedforward_layernorm", "post_ffw_norm"),
    ];
}
