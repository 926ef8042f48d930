using Harness.Engine.Kernels.Integer;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>The kernel of each tensor format, at the register width of this machine.</summary>
internal static class MatrixKernels
{
    /// <summary>Rows that are one item of parallel work.</summary>
    public const int RowsPerItem = 32;

    /// <summary>Rows of activations start at multiples of this many floats, and are padded to it with zeros.</summary>
    public const int Padding = 16;

    /// <summary>A length rounded up to <see cref="Padding"/>.</summary>
    public static int Pad(int length) => (length + Padding - 1) / Padding * Padding;

    /// <summary>The fastest kernel of a format on this machine.</summary>
    public static IMatrixKernel Of(TensorType type) => OfIntegers(type) ?? OfHalves(type) ?? Of(type, LaneWidth.Preferred);

    /// <summary>The kernel of floats of 16 bits that keeps them in panels, or null where the format is another or the processor lacks AVX2.</summary>
    public static IMatrixKernel? OfHalves(TensorType type) => !HalfKernel<F16Format>.IsSupported ? null : type switch
    {
        TensorType.F16 => new HalfKernel<F16Format>(),
        TensorType.BF16 => new HalfKernel<BF16Format>(),
        _ => null,
    };

    /// <summary>The kernel that multiplies a format's integers, or null where the format or the processor has none.</summary>
    /// <param name="type">The format.</param>
    /// <param name="form">How panels are multiplied; null: as is fastest on this processor.</param>
    public static IMatrixKernel? OfIntegers(TensorType type, TileForm? form = null) => !ByteProducts.IsSupported ? null : type switch
    {
        TensorType.Q4_0 => new IntegerKernel<Q4_0Format>(form),
        TensorType.Q4_1 => new IntegerKernel<Q4_1Format>(form),
        TensorType.Q5_0 => new IntegerKernel<Q5_0Format>(form),
        TensorType.Q5_1 => new IntegerKernel<Q5_1Format>(form),
        TensorType.Q8_0 => new IntegerKernel<Q8_0Format>(form),
        TensorType.Q4_K => new IntegerKernel<Q4_KFormat>(form),
        TensorType.Q5_K => new IntegerKernel<Q5_KFormat>(form),
        TensorType.Q6_K => new IntegerKernel<Q6_KFormat>(form),
        TensorType.MXFP4 => new IntegerKernel<MXFP4Format>(form),
        TensorType.Q2_K => new IntegerKernel<Q2_KFormat>(form),
        TensorType.Q3_K => new IntegerKernel<Q3_KFormat>(form),
        TensorType.IQ4_NL => new IntegerKernel<IQ4_NLFormat>(form),
        TensorType.IQ4_XS => new IntegerKernel<IQ4_XSFormat>(form),
        TensorType.TQ2_0 => new IntegerKernel<TQ2_0Format>(form),
        _ => null,
    };

    /// <summary>The kernel of a format that multiplies floats, at a width.</summary>
    public static IMatrixKernel Of(TensorType type, int lanes) => TensorFormats.Visit(type, new Choice(lanes));

    private sealed class Choice(int lanes) : ITensorFormatVisitor<IMatrixKernel>
    {
        public IMatrixKernel Visit<TFormat>()
            where TFormat : struct, ITensorFormat<TFormat> => lanes switch
            {
                16 => new MatrixKernel<TFormat, Lanes512>(),
                8 => new MatrixKernel<TFormat, Lanes256>(),
                4 => new MatrixKernel<TFormat, Lanes128>(),
                _ => new MatrixKernel<TFormat, LanesScalar>(),
            };
    }
}
