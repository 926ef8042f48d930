using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>The metadata of latent attention.</summary>
internal sealed class LatentHeader
{
    // Rows of keys begin at whole registers, and what follows the latent part must too.
    private const int Multiple = 16;

    /// <summary>Reads it.</summary>
    /// <param name="transformer">The shared keys.</param>
    /// <param name="kind">Which values are pairs.</param>
    /// <exception cref="ModelException">The widths contradict one another.</exception>
    public LatentHeader(TransformerHeader transformer, RotaryKind kind)
    {
        ModelHeader header = transformer.Header;
        bool absorbed = header.Number("attention.key_length_mla", 0) > 0;
        int keyLength = absorbed ? header.Count("attention.key_length_mla") : transformer.KeyLength;
        RotaryBlueprint rotary = RotaryHeader.Read(header, kind, keyLength);
        int rank = header.Count("attention.kv_lora_rank");
        if (absorbed && (rotary.Dimensions >= keyLength || rank % Multiple != 0))
        {
            throw new UnsupportedModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The built-in engine computes absorbed latent attention of keys with a part that is not rotated and a rank that is a multiple of {Multiple}; here {rotary.Dimensions} of {keyLength} values are rotated and the rank is {rank}."));
        }

        // The key holds a tenth of the multiplier for all dimensions. DeepSeek's own multiplier of the rotation is the same,
        // so that their quotient, by which rotated values are multiplied, is 1.
        float logarithm = MathF.Log(1 / rotary.LinearScale);
        float multiplier = header.Single("rope.scaling.yarn_log_multiplier", 0);
        float plain = 1 + (0.1f * logarithm);
        float all = 1 + (multiplier * logarithm);
        if (rotary.Yarn is not null && multiplier != 0)
        {
            float quotient = header.Architecture == "deepseek2" ? 1 : plain / all;
            rotary = rotary with { Magnitude = header.Single("rope.scaling.attn_factor", 1) * quotient };
        }

        YarnFactor = all * (rotary.Yarn is null ? rotary.Magnitude * plain : rotary.Magnitude);
        Attention = new LatentAttentionBlueprint
        {
            Norm = transformer.RmsNorm("attn_norm"),
            HeadCount = transformer.Heads(0),
            QueryRank = transformer.Has(0, "attn_q_a.weight") ? header.Count("attention.q_lora_rank") : 0,
            LatentRank = rank,
            KeyLength = keyLength,
            RotatedLength = rotary.Dimensions,
            ValueLength = absorbed ? header.Count("attention.value_length_mla") : transformer.ValueLength,
            Absorbed = absorbed,
            Scale = 1 / MathF.Sqrt(keyLength),
            Rotary = rotary,
            NormEpsilon = header.Single("attention.layer_norm_rms_epsilon"),
        };
    }

    /// <summary>The attention of all layers.</summary>
    public LatentAttentionBlueprint Attention { get; }

    /// <summary>DeepSeek's factor of queries and of keys for stretched contexts: it multiplies the scale twice.</summary>
    public float YarnFactor { get; }
}
