using System.Runtime.Intrinsics;
using Harness.Engine.Kernels;
using Harness.Engine.Kernels.Integer;
using Harness.Engine.Weights;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>
/// Products in integers are exactly those of the quantized activations, and do not depend on what is computed beside them.
/// </summary>
internal sealed unsafe class IntegerKernels
{
    private const int Rows = 43;
    private const int Tokens = 9;

    private static IEnumerable<TensorType> Types => TensorFormats.All.Select(f => f.Type).Where(t => MatrixKernels.OfIntegers(t) is not null);

    [Test]
    public void Every_kernel_that_this_processor_can_run_is_tried()
    {
        if (!ByteProducts.IsSupported)
            Assert.Ignore("the processor lacks AVX2, which integer kernels need");
        Assert.That(Types, Does.Contain(TensorType.Q4_K).And.Contain(TensorType.Q6_K).And.Contain(TensorType.Q8_0));
    }

    [TestCaseSource(nameof(Types))]
    public void Weights_unpack_to_their_values(TensorType type)
    {
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        byte[] stored = RandomBlocks(format!, 64, seed: 3);
        float[] expected = new float[64 * format!.BlockLength];
        format.DecodeScalar(stored, expected);
        float[] found = TensorFormats.Visit(type, new Unpacked(stored));
        for (int i = 0; i < expected.Length; i++)
            Assert.That(found[i], Is.EqualTo(expected[i]).Within(1e-6 + (1e-5 * Math.Abs(expected[i]))), $"value {i}");
    }

    [TestCaseSource(nameof(Types))]
    public void Products_are_those_of_the_quantized_activations(TensorType type)
    {
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        foreach (int blocks in (int[])[1, 2, 5])
        {
            float[] pairs = AssertProducts(format!, blocks * format!.BlockLength, MatrixKernels.OfIntegers(type, TileForm.Pairs)!);
            float[] words = AssertProducts(format!, blocks * format!.BlockLength, MatrixKernels.OfIntegers(type, TileForm.Words)!);
            float[] fours = AssertProducts(format!, blocks * format!.BlockLength, MatrixKernels.OfIntegers(type, TileForm.Fours)!);
            Assert.That(words, Is.EqualTo(pairs), "with products of 16 bits and of 8");
            Assert.That(fours, Is.EqualTo(pairs), "with VNNI's products and without");
        }
    }

    [Test]
    public void A_row_keeps_127_steps_of_its_largest_value([Values(32, 256)] int block)
    {
        const int columns = 512;
        Random random = new(block);
        float[] values = [.. Enumerable.Range(0, columns).Select(i => (random.NextSingle() - 0.5f) * (1 + (i / 100)))];
        Array.Clear(values, 256, block);
        byte[] row = new byte[IntegerRow.Bytes(columns, block)];
        fixed (float* v = values)
        fixed (byte* r = row)
        {
            IntegerRow.Quantize(v, columns, block, r);
            var scales = (float*)(r + IntegerRow.Scales(columns));
            for (int i = 0; i < columns; i++)
            {
                float scale = scales[i / block];
                Assert.That((sbyte)r[i] * scale, Is.EqualTo(values[i]).Within(0.501f * scale));
                Assert.That(scale, Is.EqualTo(values.Skip(i / block * block).Take(block).Max(Math.Abs) / 127));
            }

            for (int i = 0; i < columns / 16; i++)
            {
                if (block == IntegerRow.SuperBlock)
                    Assert.That(((short*)(r + IntegerRow.Sums(columns, block, 16)))[i], Is.EqualTo(row.Skip(16 * i).Take(16).Sum(b => (sbyte)b)));
            }

            byte* sums = r + IntegerRow.Sums(columns, block, 32);
            for (int i = 0; i < columns / 32; i++)
                Assert.That(block == 32 ? ((int*)sums)[i] : ((short*)sums)[i], Is.EqualTo(row.Skip(32 * i).Take(32).Sum(b => (sbyte)b)));
        }
    }

    [TestCaseSource(nameof(Types))]
    public void A_scale_that_is_no_number_is_found(TensorType type)
    {
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        IMatrixKernel kernel = MatrixKernels.OfIntegers(type)!;
        int columns = 2 * format!.BlockLength;
        byte[] stored = RandomBlocks(format, 2 * 9, seed: 5);
        byte[] packed = new byte[kernel.PackedBytes(9, columns)];
        fixed (byte* data = stored, memory = packed)
        {
            Assert.That(kernel.Pack(data, 2 * format.BlockBytes, 9, columns, memory), Is.True);
            Array.Fill(stored, (byte)0xFF, 17 * format.BlockBytes, format.BlockBytes);
            Assert.That(kernel.Pack(data, 2 * format.BlockBytes, 9, columns, memory), Is.False);
        }
    }

    private static float[] AssertProducts(TensorFormat format, int columns, IMatrixKernel kernel)
    {
        byte[] stored = RandomBlocks(format, Rows * columns / format.BlockLength, seed: columns);
        float[] weights = new float[Rows * columns];
        format.DecodeScalar(stored, weights);
        int rowBytes = IntegerRow.Bytes(columns, kernel.InputBlock, words: true);
        byte[] inputs = new byte[Tokens * rowBytes];
        float[] panel = new float[Tokens * Rows];
        float[] single = new float[Tokens * Rows];
        double[] activations = new double[Tokens * columns];
        float[] scratch = new float[Math.Max(kernel.ScratchFloats(columns, 1), kernel.ScratchFloats(columns, Tokens))];
        byte[] packed = new byte[kernel.PackedBytes(Rows, columns)];
        Random random = new(columns + 1);
        fixed (byte* data = stored, input = inputs, memory = packed)
        fixed (float* output = panel, one = single, work = scratch)
        {
            for (int t = 0; t < Tokens; t++)
                Quantize(random, columns, kernel.InputBlock, input + (t * rowBytes), activations.AsSpan(t * columns, columns));
            WeightMatrix matrix = new("w", format, Rows, columns, data) { Packed = memory };
            Assert.That(kernel.Pack(data, matrix.RowBytes, Rows, columns, memory), Is.True);
            Projection projection = new(matrix, 1, null, false);
            MatrixJob job = new()
            {
                Projection = projection,
                Integers = input,
                IntegerStride = rowBytes,
                Outputs = output,
                OutputStride = Rows,
                Tokens = Tokens,
            };
            kernel.Multiply(in job, 0, 32, work);
            kernel.Multiply(in job, 32, Rows - 32, work);
            for (int t = 0; t < Tokens; t++)
            {
                MatrixJob alone = job with { Integers = input + (t * rowBytes), Outputs = one + (t * Rows), Tokens = 1 };
                kernel.Multiply(in alone, 0, 16, work);
                kernel.Multiply(in alone, 16, Rows - 16, work);
            }
        }

        Assert.That(single, Is.EqualTo(panel), "one token at a time, other rows together");
        for (int t = 0; t < Tokens; t++)
        {
            for (int r = 0; r < Rows; r++)
            {
                double expected = 0;
                double magnitude = 0;
                for (int c = 0; c < columns; c++)
                {
                    double product = weights[(r * columns) + c] * activations[(t * columns) + c];
                    expected += product;
                    magnitude += Math.Abs(product);
                }

                Assert.That(panel[(t * Rows) + r], Is.EqualTo(expected).Within(1e-5 * magnitude), $"{columns} columns, token {t}, row {r}");
            }
        }

        return panel;
    }

    private static void Quantize(Random random, int columns, int block, byte* row, Span<double> activations)
    {
        // The largest bytes there are, in runs, are what overflows a sum that is too narrow.
        float[] values = [.. Enumerable.Range(0, columns).Select(i => i / 64 % 3 == 0 ? 1f : i / 64 % 3 == 1 ? -1f : random.NextSingle() - 0.5f)];
        fixed (float* v = values)
            IntegerRow.Quantize(v, columns, block, row, words: true);
        var scales = (float*)(row + IntegerRow.Scales(columns));
        for (int i = 0; i < columns; i++)
            activations[i] = (sbyte)row[i] * (double)scales[i / block];
    }

    /// <summary>Blocks of all bit patterns, but with scales that are small numbers: every value and every scale occurs.</summary>
    private static byte[] RandomBlocks(TensorFormat format, int count, int seed)
    {
        Random random = new(seed);
        byte[] stored = new byte[count * format.BlockBytes];
        float[] decoded = new float[format.BlockLength];
        for (int i = 0; i < count; i++)
        {
            Span<byte> block = stored.AsSpan(i * format.BlockBytes, format.BlockBytes);
            do
            {
                random.NextBytes(block);
                format.DecodeScalar(block, decoded);
            }
            while (!decoded.All(v => Math.Abs(v) is 0 or (> 1e-12f and < 1e6f)));
        }

        return stored;
    }

    private sealed class Unpacked(byte[] stored) : ITensorFormatVisitor<float[]>
    {
        public float[] Visit<TFormat>()
            where TFormat : struct, ITensorFormat<TFormat> => TFormat.Type switch
            {
                TensorType.Q4_0 => Of<Q4_0Format>(),
                TensorType.Q4_1 => Of<Q4_1Format>(),
                TensorType.Q5_0 => Of<Q5_0Format>(),
                TensorType.Q5_1 => Of<Q5_1Format>(),
                TensorType.Q8_0 => Of<Q8_0Format>(),
                TensorType.Q4_K => Of<Q4_KFormat>(),
                TensorType.Q5_K => Of<Q5_KFormat>(),
                TensorType.Q6_K => Of<Q6_KFormat>(),
                TensorType.MXFP4 => Of<MXFP4Format>(),
                TensorType.Q2_K => Of<Q2_KFormat>(),
                TensorType.Q3_K => Of<Q3_KFormat>(),
                TensorType.IQ4_NL => Of<IQ4_NLFormat>(),
                TensorType.IQ4_XS => Of<IQ4_XSFormat>(),
                TensorType.TQ2_0 => Of<TQ2_0Format>(),
                _ => throw new NotSupportedException($"{TFormat.Type} is not in this list."),
            };

        private float[] Of<TFormat>()
            where TFormat : struct, ITensorFormat<TFormat>, IIntegerFormat
        {
            int block = TFormat.BlockLength;
            bool oneGroup = block == TFormat.GroupLength;
            float[] result = new float[stored.Length / TFormat.BlockBytes * block];
            byte[] values = new byte[block];
            short[] scales = new short[16];
            short[] minima = new short[16];
            fixed (byte* source = stored, v = values)
            fixed (short* s = scales, m = minima)
            {
                for (int b = 0; b < result.Length / block; b++)
                {
                    byte* from = source + (b * TFormat.BlockBytes);
                    for (int i = 0; i < block / 32; i++)
                        TFormat.Values(TFormat.Codes(from, i)).Store(v + (32 * i));
                    float scale = TFormat.ToScales(Vector256.Create(TFormat.ScaleBits(from)))[b % 8];
                    float minimum = TFormat.ToScales(Vector256.Create(TFormat.MinimumBits(from)))[b % 8];
                    if (!oneGroup)
                        TFormat.Groups(from, s, m);
                    for (int i = 0; i < block; i++)
                    {
                        int group = i / TFormat.GroupLength;
                        double value = TFormat.LargestValue > 127 ? (sbyte)values[i] : values[i];
                        double factor = (double)scale * (oneGroup ? 1 : scales[group]);
                        result[(b * block) + i] = (float)(TFormat.Affine
                            ? (factor * value) - ((double)minimum * (oneGroup ? TFormat.Offset : minima[group]))
                            : factor * (value - TFormat.Offset));
                    }
                }
            }

            return result;
        }
    }
}
