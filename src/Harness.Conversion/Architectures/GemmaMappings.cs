using System.Text.Json;
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
        Demands = [Demand.Gelu],
    };

    public static ModelMapping Gemma2() => new(
        "gemma2",
        ["Gemma2ForCausalLM"],
        model => Decoder(model, layer => BothSides(layer, layer.Attention())),
        model =>
        [
            .. ScaledHeads(model, "gemma2", layersOf27B: 46),
            .. new ModelKeys
            {
                { "attn_logit_softcapping", model.Config.TryNumber("attn_logit_softcapping") },
                { "final_logit_softcapping", model.Config.TryNumber("final_logit_softcapping") },
                { "attention.sliding_window", Window(model, "gemma2", 2) },
            },
        ])
    {
        AddSpacePrefix = false,
        Demands = [Demand.Gelu],
        Defaults = """{ "head_dim": 256, "sliding_window": 4096, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0 }""",
    };

    /// <summary>The text side of Gemma 3; its smallest configurations leave out what the class knows.</summary>
    public static ModelMapping Gemma3() => new(
        "gemma3",
        ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
        model => Decoder(model, layer => BothSides(layer, [.. layer.Attention(), .. layer.HeadNorms()])),
        model =>
        [
            .. ScaledHeads(model, "gemma3", layersOf27B: 62),
            .. new ModelKeys
            {
                { "final_logit_softcapping", model.Config.TryNumber("final_logit_softcapping") is > 0 and var cap ? cap : null },
                { "attention.sliding_window", Window(model, "gemma3", 6) },
                { "rope.freq_base_swa", RopeParameters.Of(model.Config).WindowedBase ?? 10_000 },
            },
        ])
    {
        AddSpacePrefix = false,
        Demands = [Demand.Gelu],
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

    /// <summary>The heads, whose scores engines divide by a root that the number of layers tells them.</summary>
    private static ModelKeys ScaledHeads(SourceModel model, string architecture, int layersOf27B)
    {
        long computed = model.Layers.Value == layersOf27B ? model.Embedding.Value / model.Heads.Value : model.HeadDimension.Value;

        // The first files of Gemma 2 9B said 224, a mistake that was mended there.
        if (model.Config.TryNumber("query_pre_attn_scalar") is { } scalar && scalar != computed && (scalar, computed) != (224, 256))
            throw Demand.Contradiction(model.Config, architecture, "query_pre_attn_scalar", FormattableString.Invariant($"{scalar}"), FormattableString.Invariant($"{computed}"));
        return Heads(model);
    }

    /// <summary>The window's length, or null where no layer has one. Which layers do, the architecture's name says: all but the last of each period.</summary>
    private static Dim? Window(SourceModel model, string architecture, int period)
    {
        string every = FormattableString.Invariant($"a full layer after each {period - 1} with a window");
        if (model.Config.Find("layer_types") is { ValueKind: JsonValueKind.Array } types)
        {
            bool[] windowed = [.. types.EnumerateArray().Take((int)model.Layers.Value).Select(t => t.ValueKind == JsonValueKind.String && t.ValueEquals("sliding_attention"))];
            if (!windowed.Contains(true))
                return null;
            int other = Enumerable.Range(0, windowed.Length).FirstOrDefault(i => windowed[i] != ((i + 1) % period != 0), -1);
            if (other >= 0)
                throw Demand.Contradiction(model.Config, architecture, FormattableString.Invariant($"layer_types[{other}]"), types[other].ToString(), every);
        }
        else if (model.Config.TryWhole("sliding_window_pattern", "_sliding_window_pattern") is { } pattern && pattern != period)
        {
            return pattern == 1 ? null : throw Demand.Contradiction(model.Config, architecture, "sliding_window_pattern", FormattableString.Invariant($"{pattern}"), every);
        }

        return model.Config.Length("sliding_window");
    }

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
