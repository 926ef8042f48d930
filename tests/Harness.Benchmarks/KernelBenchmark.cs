using System.Globalization;
using System.Text;
using Harness.Engine.Kernels;
using Harness.Engine.Kernels.Integer;
using Harness.Engine.Weights;
using Harness.Formats.Forging;
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
    private const int VectorRows = 65536;
    private const int PanelRows = 512;
    private const int Rounds = 40;

    /// <summary>How it is called.</summary>
    public const string Name = "kernels";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        table.Line("", $"one token: GB/s, G weights/s   panel of {Tokens}: G multiply-adds/s of each form, the chosen one first");
        string only = Environment.GetEnvironmentVariable("HARNESS_BENCHMARK_TYPES") ?? "";
        foreach (TensorFormat format in TensorFormats.All.Where(f => only.Length == 0 || only.Split(',').Contains(f.Type.ToString())))
        {
            List<IMatrixKernel> kernels = [MatrixKernels.Of(format.Type)];
            if (MatrixKernels.OfIntegers(format.Type) is not null)
                kernels.AddRange(Enum.GetValues<TileForm>().Select(form => MatrixKernels.OfIntegers(format.Type, form)!));
            table.Line(format.Type.ToString(), Row(format, kernels));
        }
    }

    // By turns, so that what slows the machine for a moment slows all forms; the least counts.
    private static string Row(TensorFormat format, List<IMatrixKernel> kernels)
    {
        byte[] stored = Stored(format);
        float[] floats = new float[Tokens * Columns];
        Random random = new(2);
        for (int i = 0; i < floats.Length; i++)
            floats[i] = random.NextSingle() - 0.5f;
        List<Prepared> all = [.. kernels.Select(k => new Prepared(k, format, stored, floats))];
        double one = double.MaxValue;
        double[] many = [.. kernels.Select(_ => double.MaxValue)];
        for (int round = 0; round < Rounds; round++)
        {
            one = Math.Min(one, Seconds(() => all[0].Multiply(1, VectorRows)));
            for (int k = 0; k < all.Count; k++)
                many[k] = Math.Min(many[k], Seconds(() => all[k].Multiply(Tokens, PanelRows)));
        }

        var row = new StringBuilder();
        _ = row.Append(CultureInfo.InvariantCulture, $"{stored.Length / one / 1e9,6:0.0} {(double)VectorRows * Columns / one / 1e9,6:0.0}   ");
        foreach (double seconds in many)
            _ = row.Append(CultureInfo.InvariantCulture, $" {(double)PanelRows * Columns * Tokens / seconds / 1e9,6:0.0}");
        return row.ToString();
    }

    // Values and scales as real ones are: random bits would be subnormal or no number now and then, which takes other time.
    private static byte[] Stored(TensorFormat format)
    {
        byte[] stored = new byte[(long)VectorRows * Columns / format.BlockLength * format.BlockBytes];
        int rowBytes = Columns / format.BlockLength * format.BlockBytes;
        float[] values = new float[Columns];
        Random random = new(1);
        for (int row = 0; row < VectorRows; row++)
        {
            Span<byte> destination = stored.AsSpan(row * rowBytes, rowBytes);
            if (format.Encode is { } encode && row < 64)
            {
                for (int i = 0; i < Columns; i++)
                    values[i] = random.NextSingle() - 0.5f;
                encode(values, destination);
            }
            else if (format.Encode is not null)
            {
                stored.AsSpan(row % 64 * rowBytes, rowBytes).CopyTo(destination);
            }
            else
            {
                var bits = new ForgeRandom(1, row);
                ForgedRows.Of((uint)format.Type, Spread.OfInputs(8, Columns))(ref bits, destination);
            }
        }

        return stored;
    }

    private static double Seconds(Action action)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        double spent;
        int runs = 0;
        do
        {
            action();
            runs++;
            spent = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        }
        while (spent < 0.005);
        return spent / runs;
    }

    /// <summary>A kernel with its matrix packed and a panel of inputs.</summary>
    private sealed class Prepared
    {
        private readonly IMatrixKernel kernel;
        private readonly WeightMatrix matrix;
        private readonly int stride;
        private readonly float* inputs;
        private readonly byte* integers;
        private readonly float* outputs;
        private readonly float* scratch;

        public Prepared(IMatrixKernel kernel, TensorFormat format, byte[] stored, float[] values)
        {
            this.kernel = kernel;
            stride = kernel.InputBlock == 0 ? 0 : IntegerRow.Bytes(Columns, kernel.InputBlock, kernel.InputWords);
            inputs = (float*)Reserve(sizeof(float) * (long)values.Length);
            values.CopyTo(new Span<float>(inputs, values.Length));
            integers = Reserve((long)Tokens * stride);
            outputs = (float*)Reserve(sizeof(float) * Math.Max(VectorRows, (long)Tokens * PanelRows));
            scratch = (float*)Reserve(sizeof(float) * Math.Max(kernel.ScratchFloats(Columns, 1), kernel.ScratchFloats(Columns, Tokens)));
            byte* data = Reserve(stored.Length);
            stored.CopyTo(new Span<byte>(data, stored.Length));
            byte* packed = Reserve(kernel.PackedBytes(VectorRows, Columns));
            for (int t = 0; t < Tokens && stride > 0; t++)
                IntegerRow.Quantize(inputs + (t * Columns), Columns, kernel.InputBlock, integers + (t * stride), kernel.InputWords);
            _ = kernel.Pack(data, Columns / format.BlockLength * format.BlockBytes, VectorRows, Columns, packed);
            matrix = new WeightMatrix("w", format, VectorRows, Columns, data) { Packed = packed };
        }

        public void Multiply(int tokens, int rows)
        {
            var job = new MatrixJob
            {
                Projection = new Projection(matrix, 1, null, false),
                Inputs = inputs,
                InputStride = Columns,
                Integers = integers,
                IntegerStride = stride,
                Outputs = outputs,
                OutputStride = rows,
                Tokens = tokens,
            };
            for (int row = 0; row < rows; row += MatrixKernels.RowsPerItem)
                kernel.Multiply(in job, row, MatrixKernels.RowsPerItem, scratch);
        }

        // Kept to the end of the program, which is short.
        private static byte* Reserve(long bytes) => (byte*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)bytes + 4096, 64);
    }
}
