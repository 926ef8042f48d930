using Harness.Engine.Kernels;
using Harness.Engine.Weights;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Floats of 16 bits, packed in panels, are multiplied as they are, subnormal ones too, whatever is computed beside them.</summary>
internal sealed unsafe class HalfKernels
{
    private const int Rows = 43;
    private const int Tokens = 7;

    [Test]
    public void Products_are_exact_but_for_rounding([Values(TensorType.F16, TensorType.BF16)] TensorType type, [Values(8, 13, 600)] int columns, [Values(1f, 300f)] float largest)
    {
        if (MatrixKernels.OfHalves(type) is not { } kernel)
        {
            Assert.Ignore("the processor lacks AVX2, without which these formats are multiplied as they are stored");
            return;
        }

        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        Random random = new(columns);
        ushort[] stored = [.. Enumerable.Range(0, Rows * columns).Select(i => Bits(type, i % 9 == 0 ? 3e-6f * random.NextSingle() : random.NextSingle() - 0.5f))];
        stored[5] = Bits(type, largest);
        float[] weights = new float[stored.Length];
        format!.DecodeScalar(System.Runtime.InteropServices.MemoryMarshal.AsBytes(stored.AsSpan()), weights);
        int stride = MatrixKernels.Pad(columns);
        float[] inputs = [.. Enumerable.Range(0, Tokens * stride).Select(_ => random.NextSingle() - 0.5f)];
        float[] panel = new float[Tokens * Rows];
        float[] single = new float[Tokens * Rows];
        byte[] packed = new byte[kernel.PackedBytes(Rows, columns)];
        float[] scratch = new float[kernel.ScratchFloats(columns, Tokens)];
        fixed (ushort* data = stored)
        fixed (byte* memory = packed)
        fixed (float* x = inputs, output = panel, one = single, work = scratch)
        {
            WeightMatrix matrix = new("w", format, Rows, columns, (byte*)data) { Packed = memory };
            Assert.That(kernel.Pack((byte*)data, matrix.RowBytes, Rows, columns, memory), Is.True);
            MatrixJob job = new()
            {
                Projection = new Projection(matrix, 1, null, false),
                Inputs = x,
                InputStride = stride,
                Outputs = output,
                OutputStride = Rows,
                Tokens = Tokens,
            };
            kernel.Multiply(in job, 0, 32, work);
            kernel.Multiply(in job, 32, Rows - 32, work);
            for (int t = 0; t < Tokens; t++)
            {
                MatrixJob alone = job with { Inputs = x + (t * stride), Outputs = one + (t * Rows), Tokens = 1 };
                kernel.Multiply(in alone, 0, 32, work);
                kernel.Multiply(in alone, 32, Rows - 32, work);
            }
        }

        Assert.That(single, Is.EqualTo(panel), "one token at a time");
        for (int i = 0; i < panel.Length; i++)
        {
            (int token, int row) = Math.DivRem(i, Rows);
            double expected = Enumerable.Range(0, columns).Sum(c => (double)weights[(row * columns) + c] * inputs[(token * stride) + c]);
            Assert.That(panel[i], Is.EqualTo(expected).Within(1e-5 * largest), $"token {token}, row {row}");
        }
    }

    [Test]
    public void A_value_that_is_no_number_is_found([Values(0, 20, 42)] int row)
    {
        if (MatrixKernels.OfHalves(TensorType.F16) is not { } kernel)
        {
            Assert.Ignore("the processor lacks AVX2");
            return;
        }

        const int columns = 13;
        ushort[] stored = new ushort[Rows * columns];
        byte[] packed = new byte[kernel.PackedBytes(Rows, columns)];
        fixed (ushort* data = stored)
        fixed (byte* memory = packed)
        {
            Assert.That(kernel.Pack((byte*)data, columns * sizeof(ushort), Rows, columns, memory), Is.True);
            stored[(row * columns) + 12] = 0x7C00;
            Assert.That(kernel.Pack((byte*)data, columns * sizeof(ushort), Rows, columns, memory), Is.False);
        }
    }

    private static ushort Bits(TensorType type, float value) => type == TensorType.F16
        ? BitConverter.HalfToUInt16Bits((Half)value)
        : (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
