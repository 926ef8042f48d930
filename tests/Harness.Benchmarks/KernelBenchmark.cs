using System.Globalization;
using Harness.Engine.Kernels;
using Harness.Engine.Kernels.Integer;
using Harness.Engine.Weights;
using Harness.Formats.Tensors;

namespace Harness.Benchmarks;

/// <summary>
/// What one thread's kernels reach, by processor time: weights read a second when one token is multiplied, and
/// multiply-adds a second with a panel of tokens. The matrix is larger than the caches near the core for one token.
/// </summary>
internal static unsafe class KernelBenchmark
{
    private const int Columns = 1024;
    private const int Tokens = 128;

    /// <summary>How it is called.</summary>
    public const string Name = "kernels";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        foreach (TensorFormat format in TensorFormats.All)
            Measure(table, format);
    }

    private static void Measure(BenchmarkTable table, TensorFormat format)
    {
        const int vectorRows = 8192;
        const int panelRows = 512;
        IMatrixKernel kernel = MatrixKernels.Of(format.Type);
        byte[] stored = new byte[(long)vectorRows * Columns / format.BlockLength * format.BlockBytes];
        new Random(1).NextBytes(stored);
        float[] floats = new float[Tokens * Columns];
        Array.Fill(floats, 0.5f);
        int stride = kernel.InputBlock == 0 ? 0 : IntegerRow.Bytes(Columns, kernel.InputBlock);
        byte[] integers = new byte[Tokens * stride];
        float[] outputs = new float[Math.Max(vectorRows, Tokens * panelRows)];
        float[] scratch = new float[Math.Max(kernel.ScratchFloats(Columns, 1), kernel.ScratchFloats(Columns, Tokens)) + 64];
        byte[] packed = new byte[Math.Max(1, kernel.PackedBytes(vectorRows, Columns))];
        fixed (byte* data = stored, input = integers, memory = packed)
        fixed (float* values = floats, output = outputs, aligned = scratch)
        {
            for (int t = 0; t < Tokens && stride > 0; t++)
                IntegerRow.Quantize(values + (t * Columns), Columns, kernel.InputBlock, input + (t * stride));
            _ = kernel.Pack(data, Columns / format.BlockLength * format.BlockBytes, vectorRows, Columns, memory);
            var job = new MatrixJob
            {
                Projection = new Projection(new WeightMatrix("w", format, vectorRows, Columns, data) { Packed = memory }, 1, null, false),
                Inputs = values,
                InputStride = Columns,
                Integers = input,
                IntegerStride = stride,
                Outputs = output,
                OutputStride = vectorRows,
                Tokens = 1,
            };
            float* work = (float*)(((nuint)aligned + 63) & ~(nuint)63);
            double vector = Seconds(() => All(kernel, job, vectorRows, work));
            MatrixJob panel = job with { Tokens = Tokens, OutputStride = panelRows };
            double many = Seconds(() => All(kernel, panel, panelRows, work));
            table.Line(format.Type.ToString(), string.Create(
                CultureInfo.InvariantCulture,
                $"one token {stored.Length / vector / 1e9,6:0.0} GB/s, {(double)vectorRows * Columns / vector / 1e9,6:0.0} G weights/s   panel of {Tokens} {(double)panelRows * Columns * Tokens / many / 1e9,6:0.0} G multiply-adds/s"));
        }
    }

    private static void All(IMatrixKernel kernel, MatrixJob job, int rows, float* scratch)
    {
        for (int row = 0; row < rows; row += MatrixKernels.RowsPerItem)
            kernel.Multiply(in job, row, MatrixKernels.RowsPerItem, scratch);
    }

    private static double Seconds(Action action)
    {
        double least = double.MaxValue;
        action();
        for (int attempt = 0; attempt < 5; attempt++)
        {
            int runs = 0;
            TimeSpan start = Environment.CpuUsage.TotalTime;
            double spent;
            do
            {
                action();
                runs++;
                spent = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
            }
            while (spent < 0.05);
            least = Math.Min(least, spent / runs);
        }

        return least;
    }
}
