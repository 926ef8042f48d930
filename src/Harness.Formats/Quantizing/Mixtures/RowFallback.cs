using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>What stands in for a type whose blocks do not divide a tensor's rows (<c>tensor_type_fallback</c> in llama-quant.cpp).</summary>
internal static class RowFallback
{
    /// <summary>The type itself, or the one that stands in for it.</summary>
    /// <param name="type">The type wanted.</param>
    /// <param name="rowLength">Values of a row.</param>
    /// <returns>
    /// A type whose blocks divide the row; F16 where nothing else does. llama.cpp ends with an error where a type of small
    /// blocks does not fit; F16 serves there too.
    /// </returns>
    public static TensorType For(TensorType type, long rowLength)
    {
        if (Fits(type, rowLength)) return type;
        TensorType smaller = type switch
        {
            TensorType.IQ1_S or TensorType.IQ1_M or TensorType.IQ2_XXS or TensorType.IQ2_XS or TensorType.IQ2_S
                or TensorType.IQ3_XXS or TensorType.IQ3_S or TensorType.IQ4_XS => TensorType.IQ4_NL,
            TensorType.Q2_0 or TensorType.Q2_K or TensorType.Q3_K or TensorType.TQ1_0 or TensorType.TQ2_0 => TensorType.Q4_0,
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            _ => TensorType.F16,
        };
        return Fits(smaller, rowLength) ? smaller : TensorType.F16;
    }

    private static bool Fits(TensorType type, long rowLength) =>
        TensorLayout.TryGet((uint)type, out TensorLayoutInfo layout) && rowLength % layout.BlockLength == 0;
}
