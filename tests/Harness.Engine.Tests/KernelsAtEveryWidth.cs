using Harness.Engine.Blueprints;
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
        [Values(1, 4, 8, 16)] int lanes,
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
    public void Softmax_silu_and_norm([Values(1, 4, 8, 16)] int lanes, [Values(1, 7, 16, 33, 200)] int length)
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
            sum = primitives.ExpOfDifference(e, length, float.NegativeInfinity);
            primitives.Activate(Activation.Silu, s, o, length);
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
    [Test]
    public unsafe void Activations_are_their_formulas(
        [Values] Activation activation, [Values] bool withFactors, [Values(1, 4, 8, 16)] int lanes, [Values(5, 32, 67)] int length)
    {
        Random random = new(length);
        float[] values = [.. Enumerable.Range(0, MatrixKernels.Pad(length)).Select(_ => (random.NextSingle() - 0.5f) * 12)];
        float[] factors = [.. values.Select(_ => random.NextSingle() + 0.5f)];
        float[] found = [.. values];
        fixed (float* f = found, o = factors)
            Primitives.Of(lanes).Activate(activation, f, withFactors ? o : null, length);
        for (int i = 0; i < length; i++)
        {
            double expected = Formula(activation, values[i]) * (withFactors ? factors[i] : 1);
            Assert.That(found[i], Is.EqualTo(expected).Within(2e-6 * Math.Max(0.01, Math.Abs(expected))), $"{values[i]}");
        }
    }

    [Test]
    public unsafe void Layer_norms_have_mean_zero_and_variance_one([Values(1, 4, 8, 16)] int lanes, [Values(5, 64, 259)] int length)
    {
        Random random = new(length);
        float[] values = [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 3) + 1000)];
        float[] found = new float[length];
        fixed (float* v = values, f = found)
            Primitives.Of(lanes).LayerNorm(v, null, f, length, 1e-5f);
        double mean = values.Average(x => (double)x);
        double deviation = Math.Sqrt(values.Average(x => (x - mean) * (x - mean)) + 1e-5f);
        for (int i = 0; i < length; i++)
            Assert.That(found[i], Is.EqualTo((values[i] - mean) / deviation).Within(2e-4));
    }

    [Test]
    public unsafe void A_sink_takes_its_share_of_the_softmax([Values(1, 4, 8, 16)] int lanes, [Values(-3f, 2f, 50f)] float sink)
    {
        float[] scores = [.. Enumerable.Range(0, 32).Select(i => i * 0.1f)];
        float[] weights = [.. scores];
        float sum;
        fixed (float* w = weights)
            sum = Primitives.Of(lanes).ExpOfDifference(w, 21, sink);
        double all = scores.Take(21).Sum(s => Math.Exp(s)) + Math.Exp(sink);
        for (int i = 0; i < 21; i++)
            Assert.That(weights[i] / sum, Is.EqualTo(Math.Exp(scores[i]) / all).Within(1e-6));
    }

    // The error function by Simpson's rule: another way than the engine's.
    private static double Formula(Activation activation, double x) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Gelu => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.GeluErf => 0.5 * x * (1 + ErrorFunctionOf(x / Math.Sqrt(2))),
        Activation.GeluQuick => x / (1 + Math.Exp(-1.702 * x)),
        Activation.Relu => Math.Max(x, 0),
        Activation.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
        Activation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        Activation.Softplus => Math.Log(1 + Math.Exp(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    private static double ErrorFunctionOf(double x)
    {
        const int Steps = 2000;
        double width = x / Steps;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            int weight = i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-(i * width) * (i * width));
        }

        return 2 / Math.Sqrt(Math.PI) * sum * width / 3;
    }
}
