using Harness.Engine.Kernels;
using Harness.Engine.Weights;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>Products are right at every register width, and do not depend on what is computed beside them.</summary>
internal sealed unsafe class KernelsAtEveryWidth
{
    [Test]
    public void Matrices_times_panels(
        [Values(TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.MXFP4)] TensorType type,
        [Values(4, 8, 16)] int lanes,
        [Values(32, 96, 1056, 2080)] int columns)
    {
        const int Rows = 27;
        const int Tokens = 7;
        Random random = new(columns);
        Assert.That(TensorFormats.TryGet(type, out TensorFormat? format), Is.True);
        float[] weights = Enumerable.Range(0, Rows * columns).Select(_ => random.NextSingle() - 0.5f).ToArray();
        byte[] stored = new byte[weights.Length / format!.BlockLength * format.BlockBytes];
        format.Encode!(weights, stored);
        format.DecodeScalar(stored, weights);
        int stride = MatrixKernels.Pad(columns);
        float[] inputs = new float[Tokens * stride];
        for (int t = 0; t < Tokens; t++)
        {
            for (int c = 0; c < columns; c++)
                inputs[(t * stride) + c] = random.NextSingle() - 0.5f;
        }

        float[] panel = new float[Tokens * Rows];
        float[] single = new float[Tokens * Rows];
        IMatrixKernel kernel = MatrixKernels.Of(type, lanes);
        float[] scratch = new float[Math.Max(kernel.ScratchFloats(columns, 1), kernel.ScratchFloats(columns, Tokens))];
        fixed (byte* data = stored)
        fixed (float* input = inputs, output = panel, one = single, work = scratch)
        {
            Projection projection = new(new WeightMatrix("w", format, Rows, columns, data), 1, null, false);
            MatrixJob job = new()
            {
                Projection = projection,
                Inputs = input,
                InputStride = stride,
                Outputs = output,
                OutputStride = Rows,
                Tokens = Tokens,
            };
            kernel.Multiply(in job, 0, Rows, work);
            for (int t = 0; t < Tokens; t++)
            {
                MatrixJob alone = job with { Inputs = input + (t * stride), Outputs = one + (t * Rows), Tokens = 1 };
                kernel.Multiply(in alone, 0, 9, work);
                kernel.Multiply(in alone, 9, Rows - 9, work);
            }
        }

        Assert.That(single, Is.EqualTo(panel), "one token at a time, other rows together");
        for (int t = 0; t < Tokens; t++)
        {
            for (int r = 0; r < Rows; r++)
            {
                double expected = 0;
                for (int c = 0; c < columns; c++)
                    expected += (double)weights[(r * columns) + c] * inputs[(t * stride) + c];
                Assert.That(panel[(t * Rows) + r], Is.EqualTo(expected).Within(2e-5));
            }
        }
    }

    [Test]
    public void Softmax_silu_and_norm([Values(4, 8, 16)] int lanes, [Values(1, 7, 16, 33, 200)] int length)
    {
        Random random = new(length);
        float[] values = new float[MatrixKernels.Pad(length)];
        float[] others = new float[values.Length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (random.NextSingle() - 0.5f) * 40;
            others[i] = random.NextSingle() + 0.5f;
        }

        IPrimitives primitives = Primitives.Of(lanes);
        float[] exp = [.. values];
        float[] silu = [.. values];
        float[] norm = new float[values.Length];
        float sum;
        fixed (float* e = exp, s = silu, v = values, o = others, n = norm)
        {
            sum = primitives.ExpOfDifference(e, length);
            primitives.SiluMultiply(s, o, length);
            primitives.RmsNorm(v, o, n, length, 1e-6f);
        }

        // The difference is a float32 by definition; its rounding is not the exponential's error.
        float largest = values.Take(length).Max();
        double expectedSum = values.Take(length).Sum(x => Math.Exp((float)(x - largest)));
        double root = Math.Sqrt((values.Take(length).Sum(x => (double)x * x) / length) + 1e-6f);
        Assert.That(sum, Is.EqualTo(expectedSum).Within(1e-5 * expectedSum));
        for (int i = 0; i < length; i++)
        {
            double expectedExp = Math.Exp((float)(values[i] - largest));
            Assert.That(exp[i], Is.EqualTo(expectedExp).Within(2e-7 * expectedExp));
            double expectedSilu = values[i] / (1 + Math.Exp(-values[i])) * others[i];
            Assert.That(silu[i], Is.EqualTo(expectedSilu).Within(1e-6 * Math.Abs(expectedSilu)));
            Assert.That(norm[i], Is.EqualTo(values[i] / root * others[i]).Within(2e-6 * Math.Abs(values[i])));
        }
    }
}
