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

    /// <summary>The kernel of a format, at the preferred width.</summary>
    public static IMatrixKernel Of(TensorType type) => Of(type, LaneWidth.Preferred);

    /// <summary>The kernel of a format, at a width.</summary>
    public static IMatrixKernel Of(TensorType type, int lanes) => TensorFormats.Visit(type, new Choice(lanes));

    private sealed class Choice(int lanes) : ITensorFormatVisitor<IMatrixKernel>
    {
        public IMatrixKernel Visit<TFormat>()
            where TFormat : struct, ITensorFormat<TFormat> => lanes switch
            {
                16 => new MatrixKernel<TFormat, Lanes512>(),
                8 => new MatrixKernel<TFormat, Lanes256>(),
                _ => new MatrixKernel<TFormat, Lanes128>(),
            };
    }
}
