using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>Tensors that divide the rotation's frequencies, computed from the configuration's scaling.</summary>
internal static class RotaryFactors
{
    /// <summary>
    /// Llama 3's: wavelengths beyond the original context are stretched by the factor, short ones left alone, those between
    /// stretched in part. None where the configuration has another scaling.
    /// </summary>
    public static IEnumerable<MappedTensor> Llama3(SourceModel model, Dim? rotated = null)
    {
        var rope = RopeParameters.Of(model.Config);
        if (rope.Type != "llama3")
            yield break;
        int dimensions = (int)(rotated ?? model.HeadDimension).Value;
        float theta = (float)(rope.Base ?? 10_000);
        double factor = rope.Number("factor") ?? 8, low = rope.Number("low_freq_factor") ?? 1, high = rope.Number("high_freq_factor") ?? 4;
        double context = rope.Number("original_max_position_embeddings") ?? model.Config.TryNumber("original_max_position_embeddings") ?? 8192;
        var factors = new float[dimensions / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            float frequency = 1 / MathF.Pow(theta, 2f * i / dimensions);
            float wavelength = (float)(2 * Math.PI) / frequency;
            if (wavelength < context / high)
            {
                factors[i] = 1;
            }
            else if (wavelength > context / low)
            {
                factors[i] = (float)factor;
            }
            else
            {
                float smooth = (((float)context / wavelength) - (float)low) / (float)(high - low);
                factors[i] = 1 / (((1 - smooth) / (float)factor) + smooth);
            }
        }

        yield return new MappedTensor("rope_freqs.weight", TensorValues.Of(factors));
    }

    /// <summary>Longrope's two: for contexts within the original length, and beyond it.</summary>
    /// <exception cref="ConversionException">There are not as many as there are pairs to rotate.</exception>
    public static IEnumerable<MappedTensor> LongRope(SourceModel model, Dim rotated)
    {
        var rope = RopeParameters.Of(model.Config);
        if (rope.Numbers("long_factor") is not { } longer)
            yield break;
        if (rope.Numbers("short_factor") is not { } shorter)
            throw model.Config.Missing("rope_scaling.short_factor");
        foreach ((string name, float[] factors) in new[] { ("long_factor", longer), ("short_factor", shorter) })
        {
            if (factors.Length * 2L != rotated.Value || !factors.All(float.IsFinite))
            {
                throw new ConversionException(
                    "map rope factors", FormattableString.Invariant($"'rope_scaling.{name}' has {factors.Length} numbers, not the {rotated.Value / 2} that half of {rotated} values takes"),
                    model.Config.FilePath, "Take config.json from the model's repository.");
            }
        }

        yield return new MappedTensor("rope_factors_long.weight", TensorValues.Of(longer));
        yield return new MappedTensor("rope_factors_short.weight", TensorValues.Of(shorter));
    }

    /// <summary>What longrope multiplies attention by: how far the context goes beyond the original one.</summary>
    public static ModelKeys LongRopeKeys(SourceModel model)
    {
        var rope = RopeParameters.Of(model.Config);
        double original = rope.Number("original_max_position_embeddings") ?? model.Config.TryNumber("original_max_position_embeddings") ?? model.Config.Number("max_position_embeddings");
        ModelKeys keys = new() { { "rope.scaling.original_context_length", (long)original } };
        if (rope.Numbers("long_factor") is null)
            return keys;
        double scale = model.Config.Number("n_positions", "max_position_embeddings") / original;
        keys.Add("rope.scaling.attn_factor", scale <= 1 ? 1 : rope.Type == "yarn" ? (0.1 * Math.Log(scale)) + 1 : Math.Sqrt(1 + (Math.Log(scale) / Math.Log(original))));
        return keys;
    }
}
