namespace Harness.Receipts.Verdicts;

/// <summary>
/// How far logits may legitimately lie from a reference's, by the coarsest weight type: other engines round
/// activations differently.
/// </summary>
public static class Tolerance
{
    /// <summary>The largest normalised mean squared error that counts as agreement.</summary>
    /// <param name="weightType">The type's name, as <c>Q4_K</c>.</param>
    public static double ForWeightType(string weightType) => weightType switch
    {
        "F32" or "F64" => 1e-6,
        "F16" => 1e-5,

        // llama.cpp's own builds for processors with and without AMX-BF16 or AVX512-BF16 differ by up to 2.1e-5: with
        // them it rounds activations to bfloat16, without them not.
        "BF16" => 1e-4,
        "Q8_0" or "Q8_1" or "Q8_K" or "I8" => 1e-3,
        _ => 5e-3,
    };

    /// <summary>The coarser of two weight types: the one with the larger tolerance, then fewer bits.</summary>
    /// <param name="types">Types of tensors of two or more dimensions; empty means F32.</param>
    public static string Coarsest(IEnumerable<string> types)
    {
        ArgumentNullException.ThrowIfNull(types);
        return types.OrderByDescending(ForWeightType).ThenBy(t => t, StringComparer.Ordinal).FirstOrDefault() ?? "F32";
    }
}
