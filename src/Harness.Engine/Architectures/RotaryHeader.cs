using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>The metadata of rotary position embedding and of its scalings.</summary>
internal static class RotaryHeader
{
    /// <summary>Reads them.</summary>
    /// <param name="header">The header.</param>
    /// <param name="kind">Which values are pairs: the architecture's choice.</param>
    /// <param name="keyLength">Width of a key head; all of it is rotated unless the metadata says otherwise.</param>
    /// <param name="yarnParameters">
    /// Whether YaRN's own parameters in the metadata count: those of most families hold the published ones, and llama.cpp
    /// heeds others in a few alone.
    /// </param>
    public static RotaryBlueprint Read(ModelHeader header, RotaryKind kind, int keyLength, bool yarnParameters = false)
    {
        int dimensions = header.Count("rope.dimension_count", keyLength);
        if (dimensions > keyLength || dimensions % 2 != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{header.Prefixed("rope.dimension_count")}' is {dimensions}; it must be even and at most the key length, {keyLength}."));
        }

        float frequencyBase = header.Single("rope.freq_base", 10000);
        if (frequencyBase <= 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"'{header.Prefixed("rope.freq_base")}' is {frequencyBase}; it must be positive."));
        }

        // A factor of 0 stands for "none", and the older key is still found in files.
        string scaling = header.Word("rope.scaling.type", "linear");
        float factor = header.Single("rope.scaling.factor", header.Single("rope.scale_linear", 0));
        float magnitude = header.Single("rope.scaling.attn_factor", 1);
        float linearScale = scaling == "none" || factor == 0 ? 1 : 1 / factor;
        int original = header.Count("rope.scaling.original_context_length", header.Count("context_length"));
        var rotary = new RotaryBlueprint
        {
            Kind = kind,
            Dimensions = dimensions,
            Base = frequencyBase,
            LinearScale = linearScale,
            Magnitude = magnitude,
            OriginalContext = original,
            FactorsTensor = header.Has("rope_freqs.weight") ? "rope_freqs.weight" : null,
        };
        return scaling switch
        {
            "none" or "linear" or "longrope" => header.Has("rope_factors_long.weight") && header.Has("rope_factors_short.weight")
                ? rotary with { FactorsTensor = "rope_factors_short.weight", LongFactorsTensor = "rope_factors_long.weight" }
                : rotary,
            "yarn" => rotary with
            {
                Yarn = new YarnScaling(
                    Parameter("rope.scaling.yarn_ext_factor", 1) is >= 0 and var factorOfUnscaled ? factorOfUnscaled : 1,
                    Parameter("rope.scaling.yarn_beta_fast", 32),
                    Parameter("rope.scaling.yarn_beta_slow", 1)),
                Magnitude = magnitude * YarnMagnitude(1 / linearScale, Parameter("rope.scaling.yarn_log_multiplier", 0)),
            },
            _ => throw new UnsupportedModelException(
                $"The built-in engine does not compute the rope scaling '{scaling}' ({header.Prefixed("rope.scaling.type")}); it knows none, linear, yarn, longrope and frequency factors."),
        };

        float Parameter(string key, float published) => yarnParameters ? header.Single(key, published) : published;
    }

    /// <summary>
    /// <c>1 + 0.1 ln(factor)</c> (Peng et al., 2023), or its quotient with the same for all dimensions where the model's
    /// attention scale already holds that (DeepSeek).
    /// </summary>
    /// <param name="factor">The scaling factor.</param>
    /// <param name="allDimensions">The multiplier of the logarithm for all dimensions; 0 for none.</param>
    private static float YarnMagnitude(float factor, float allDimensions)
    {
        float Of(float multiplier) => factor <= 1 ? 1 : (0.1f * multiplier * MathF.Log(factor)) + 1;
        return allDimensions == 0 ? Of(1) : Of(1) / Of(allDimensions);
    }
}
