using System.Collections.Frozen;

namespace Harness.Matrix;

/// <summary>A quantization by the name files are published under, with what it costs.</summary>
/// <param name="Name">As <c>Q4_K_M</c>.</param>
/// <param name="BitsPerWeight">
/// Bits a weight. Exact for single-format names (block bytes × 8 / weights a block, from ggml's block layouts);
/// for mixtures (_S, _M, _L) the average over Llama-like models, good for an estimate only.
/// </param>
/// <param name="IsMixture">Whether files of this name mix several tensor formats.</param>
public sealed record Quantization(string Name, double BitsPerWeight, bool IsMixture = false)
{
    private static readonly Quantization[] Known =
    [
        new("F32", 32), new("F16", 16), new("BF16", 16),
        new("Q8_0", 8.5), new("Q8_1", 9),
        new("Q6_K", 6.5625),
        new("Q5_0", 5.5), new("Q5_1", 6), new("Q5_K", 5.5), new("Q5_K_S", 5.54, true), new("Q5_K_M", 5.69, true),
        new("Q4_0", 4.5), new("Q4_1", 5), new("Q4_K", 4.5), new("Q4_K_S", 4.58, true), new("Q4_K_M", 4.85, true),
        new("Q3_K", 3.4375), new("Q3_K_S", 3.5, true), new("Q3_K_M", 3.91, true), new("Q3_K_L", 4.27, true),
        new("Q2_K", 2.625, true), new("Q2_K_S", 2.6, true),
        new("IQ4_NL", 4.5), new("IQ4_XS", 4.25), new("IQ3_S", 3.4375), new("IQ3_M", 3.66, true), new("IQ3_XS", 3.3, true),
        new("IQ3_XXS", 3.0625), new("IQ2_XXS", 2.0625), new("IQ2_XS", 2.3125), new("IQ2_S", 2.5, true), new("IQ2_M", 2.7, true),
        new("IQ1_S", 1.5625), new("IQ1_M", 1.75),
        new("TQ1_0", 1.6875), new("TQ2_0", 2.0625), new("MXFP4", 4.25), new("MXFP4_MOE", 4.4, true), new("NVFP4", 4.5), new("Q2_0", 2.25), new("Q1_0", 1.125),
    ];

    private static readonly FrozenDictionary<string, Quantization> ByName =
        Known.ToFrozenDictionary(quantization => quantization.Name, StringComparer.Ordinal);

    /// <summary>All names, from wide to narrow.</summary>
    public static IReadOnlyList<string> Names { get; } = Known.Select(quantization => quantization.Name).ToArray();

    /// <summary>Finds a quantization.</summary>
    /// <param name="name">Its exact name, as <c>Q4_K_M</c>.</param>
    /// <returns>The quantization, or null when the name is not known.</returns>
    public static Quantization? Find(string name) => ByName.GetValueOrDefault(name);
}
