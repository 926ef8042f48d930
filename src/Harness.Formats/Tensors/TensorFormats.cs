using System.Diagnostics.CodeAnalysis;

namespace Harness.Formats.Tensors;

/// <summary>The tensor formats this program reads; a new format is one file and one line in each table here.</summary>
public static class TensorFormats
{
    private static readonly TensorFormat[] Table =
    [
        Coded<F32Format>(),
        Coded<F16Format>(),
        Coded<BF16Format>(),
        Coded<F8_E4M3Format>(),
        Coded<F8_E5M2Format>(),
        Coded<Q1_0Format>(),
        Coded<Q2_0Format>(),
        Weighted<Q4_0Format>(),
        Weighted<Q4_1Format>(),
        Weighted<Q5_0Format>(),
        Weighted<Q5_1Format>(),
        Coded<Q8_0Format>(),
        Coded<Q8_1Format>(),
        Weighted<Q2_KFormat>(),
        Weighted<Q3_KFormat>(),
        Weighted<Q4_KFormat>(),
        Weighted<Q5_KFormat>(),
        Weighted<Q6_KFormat>(),
        Coded<Q8_KFormat>(),
        Weighted<IQ4_NLFormat>(),
        Weighted<IQ4_XSFormat>(),
        Coded<TQ1_0Format>(),
        Coded<TQ2_0Format>(),
        Coded<MXFP4Format>(),
        Coded<NVFP4Format>(),
        ReadOnly<IQ1_SFormat>(),
        ReadOnly<IQ1_MFormat>(),
        ReadOnly<IQ2_XXSFormat>(),
        ReadOnly<IQ2_XSFormat>(),
        ReadOnly<IQ2_SFormat>(),
        ReadOnly<IQ3_XXSFormat>(),
        ReadOnly<IQ3_SFormat>(),
    ];

    /// <summary>All formats, in the order of this file.</summary>
    public static IReadOnlyList<TensorFormat> All => Table;

    /// <summary>Finds the format of a type.</summary>
    /// <param name="type">A type number, as found in a file.</param>
    /// <param name="format">The format when it is known.</param>
    /// <returns>False when this program cannot decode the type.</returns>
    public static bool TryGet(TensorType type, [NotNullWhen(true)] out TensorFormat? format)
    {
        format = Array.Find(Table, entry => entry.Type == type);
        return format is not null;
    }

    /// <summary>Starts generic work for a type known only at run time.</summary>
    /// <typeparam name="TResult">What the work returns.</typeparam>
    /// <param name="type">A type of <see cref="All"/>.</param>
    /// <param name="visitor">The work.</param>
    /// <returns>What the work returned.</returns>
    /// <exception cref="NotSupportedException">The type is not in <see cref="All"/>.</exception>
    public static TResult Visit<TResult>(TensorType type, ITensorFormatVisitor<TResult> visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        return type switch
        {
            TensorType.F32 => visitor.Visit<F32Format>(),
            TensorType.F16 => visitor.Visit<F16Format>(),
            TensorType.BF16 => visitor.Visit<BF16Format>(),
            TensorType.F8_E4M3 => visitor.Visit<F8_E4M3Format>(),
            TensorType.F8_E5M2 => visitor.Visit<F8_E5M2Format>(),
            TensorType.Q1_0 => visitor.Visit<Q1_0Format>(),
            TensorType.Q2_0 => visitor.Visit<Q2_0Format>(),
            TensorType.Q4_0 => visitor.Visit<Q4_0Format>(),
            TensorType.Q4_1 => visitor.Visit<Q4_1Format>(),
            TensorType.Q5_0 => visitor.Visit<Q5_0Format>(),
            TensorType.Q5_1 => visitor.Visit<Q5_1Format>(),
            TensorType.Q8_0 => visitor.Visit<Q8_0Format>(),
            TensorType.Q8_1 => visitor.Visit<Q8_1Format>(),
            TensorType.Q2_K => visitor.Visit<Q2_KFormat>(),
            TensorType.Q3_K => visitor.Visit<Q3_KFormat>(),
            TensorType.Q4_K => visitor.Visit<Q4_KFormat>(),
            TensorType.Q5_K => visitor.Visit<Q5_KFormat>(),
            TensorType.Q6_K => visitor.Visit<Q6_KFormat>(),
            TensorType.Q8_K => visitor.Visit<Q8_KFormat>(),
            TensorType.IQ4_NL => visitor.Visit<IQ4_NLFormat>(),
            TensorType.IQ4_XS => visitor.Visit<IQ4_XSFormat>(),
            TensorType.TQ1_0 => visitor.Visit<TQ1_0Format>(),
            TensorType.TQ2_0 => visitor.Visit<TQ2_0Format>(),
            TensorType.MXFP4 => visitor.Visit<MXFP4Format>(),
            TensorType.NVFP4 => visitor.Visit<NVFP4Format>(),
            TensorType.IQ1_S => visitor.Visit<IQ1_SFormat>(),
            TensorType.IQ1_M => visitor.Visit<IQ1_MFormat>(),
            TensorType.IQ2_XXS => visitor.Visit<IQ2_XXSFormat>(),
            TensorType.IQ2_XS => visitor.Visit<IQ2_XSFormat>(),
            TensorType.IQ2_S => visitor.Visit<IQ2_SFormat>(),
            TensorType.IQ3_XXS => visitor.Visit<IQ3_XXSFormat>(),
            TensorType.IQ3_S => visitor.Visit<IQ3_SFormat>(),
            _ => throw new NotSupportedException($"No decoder for tensor type {type} ({(uint)type})."),
        };
    }

    private static TensorFormat ReadOnly<TFormat>()
        where TFormat : struct, ITensorFormat<TFormat> =>
        new(TFormat.Type, TFormat.BlockLength, TFormat.BlockBytes, TFormat.DecodeScalar, TFormat.Decode, null, null);

    private static TensorFormat Coded<TFormat>()
        where TFormat : struct, ITensorFormat<TFormat>, ITensorEncoder<TFormat> =>
        ReadOnly<TFormat>() with { Encode = TFormat.Encode };

    private static TensorFormat Weighted<TFormat>()
        where TFormat : struct, ITensorFormat<TFormat>, IWeightedTensorEncoder<TFormat> =>
        Coded<TFormat>() with { EncodeWeighted = TFormat.EncodeWeighted };
}
