using Harness.Engine.Kernels;
using Harness.Formats.Tensors;

namespace Harness.Engine.Weights;

/// <summary>A stored matrix where it lies in the mapped file, with the kernel of its format and the form which that reads.</summary>
internal sealed unsafe class WeightMatrix
{
    public WeightMatrix(string name, TensorFormat format, int rows, int columns, byte* data)
    {
        Format = format;
        Name = name;
        Rows = rows;
        Columns = columns;
        Data = data;
        RowBytes = (long)columns / format.BlockLength * format.BlockBytes;
        Kernel = MatrixKernels.Of(format.Type);
    }

    /// <summary>How it is stored.</summary>
    public TensorFormat Format { get; }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>The first row.</summary>
    public byte* Data { get; }

    /// <summary>The matrix as its kernel reads it (<see cref="IMatrixKernel.Pack"/>); null before it is packed, or where the stored rows are read.</summary>
    public byte* Packed { get; set; }

    /// <summary>Bytes from one row to the next.</summary>
    public long RowBytes { get; }

    /// <summary>What multiplies with it.</summary>
    public IMatrixKernel Kernel { get; }

    /// <summary>Some of its rows.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    public WeightMatrix Slice(int first, int count) => new(Name, Format, count, Columns, Data + (first * RowBytes));
}
