using Harness.Engine.Compute;
using Harness.Engine.Kernels;

namespace Harness.Engine.Weights;

/// <summary>Brings matrices into the form their kernels read, all threads at a matrix, one matrix after another.</summary>
internal sealed unsafe class WeightPacking
{
    // Stored bytes of an item: of so many are the pages resident while they are packed.
    private const int BytesOfItem = 1 << 20;
    private const int Alignment = 64;

    private WeightMatrix? matrix;
    private int rowsPerItem;
    private bool finite = true;

    /// <summary>Bytes that packing takes.</summary>
    public static long Bytes(IEnumerable<WeightMatrix> matrices) => matrices.Sum(Bytes);

    /// <summary>Packs the matrices whose kernels want it, and gives back the pages of the stored ones.</summary>
    /// <param name="matrices">The matrices.</param>
    /// <param name="pool">The threads.</param>
    /// <returns>The memory they are in.</returns>
    /// <exception cref="ModelException">A matrix has a value or a scale that is no finite number.</exception>
    /// <exception cref="OutOfMemoryException">The system refused the memory.</exception>
    public static NativeBuffer Pack(IReadOnlyCollection<WeightMatrix> matrices, ComputePool pool)
    {
        NativeBuffer buffer = NativeBuffer.Allocate(Bytes(matrices));
        try
        {
            SystemMemory.PreferLargePages(buffer.As<byte>(), buffer.Bytes);
            var packing = new WeightPacking();
            ParallelBody body = packing.PackItem;
            byte* next = buffer.As<byte>();
            foreach (WeightMatrix matrix in matrices)
            {
                if (Bytes(matrix) is var bytes && bytes == 0)
                    continue;
                matrix.Packed = next;
                next += bytes;
                packing.matrix = matrix;
                packing.rowsPerItem = Math.Max(1, (int)(BytesOfItem / matrix.RowBytes / MatrixKernels.RowsPerItem)) * MatrixKernels.RowsPerItem;
                pool.Run((matrix.Rows + packing.rowsPerItem - 1) / packing.rowsPerItem, body);
                if (!packing.finite)
                    throw new ModelException($"The tensor '{matrix.Name}' has a value or a scale that is no finite number; the file is damaged: download or convert it again.");
                SystemMemory.Forget(matrix.Data, matrix.Rows * matrix.RowBytes);
            }

            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private static long Bytes(WeightMatrix matrix) =>
        (matrix.Kernel.PackedBytes(matrix.Rows, matrix.Columns) + Alignment - 1) / Alignment * Alignment;

    private void PackItem(int item, int worker)
    {
        int first = item * rowsPerItem;
        int rows = Math.Min(rowsPerItem, matrix!.Rows - first);
        byte* stored = matrix.Data + (first * matrix.RowBytes);
        if (!matrix.Kernel.Pack(stored, matrix.RowBytes, rows, matrix.Columns, matrix.Packed + matrix.Kernel.PackedBytes(first, matrix.Columns)))
            finite = false;
        SystemMemory.Forget(stored, rows * matrix.RowBytes);
    }
}
