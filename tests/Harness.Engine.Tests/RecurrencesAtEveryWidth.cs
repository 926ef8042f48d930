using Harness.Engine.Kernels;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>
/// The recurrences of state-space, delta-net and RWKV blocks against their formulas in float64, at every register width,
/// token after token.
/// </summary>
internal sealed unsafe class RecurrencesAtEveryWidth
{
    private const int Tokens = 9;

    [Test]
    public void A_head_with_a_matrix(
        [Values(1, 4, 8, 16)] int lanes, [Values(1, 5, 24)] int keys, [Values(16, 48, 80)] int values, [Values] bool corrects, [Values] bool readsBefore)
    {
        Random random = new(keys + values);
        float[] state = new float[keys * values];
        double[,] exact = new double[keys, values];
        double[] recalled = new double[values];
        for (int token = 0; token < Tokens; token++)
        {
            float[] decay = Floats(random, keys, 0.2f, 1), key = Floats(random, keys, -1, 1), query = Floats(random, keys, -1, 1);
            float[] probe = Floats(random, keys, -0.4f, 0.4f), correction = Floats(random, keys, -0.4f, 0.4f);
            float[] value = Floats(random, values, -1, 1), output = new float[values];
            const float Bonus = 0.75f;
            fixed (float* s = state, d = decay, k = key, q = query, p = probe, c = correction, v = value, o = output)
            {
                StateStep step = new()
                {
                    Decay = d,
                    Key = k,
                    Query = q,
                    Value = v,
                    Output = o,
                    Bonus = Bonus,
                    ReadsBefore = readsBefore,
                    Probe = corrects ? p : null,
                    Correction = corrects ? c : null,
                };
                RecurrentKernels.Of(lanes).Advance(in step, s, keys, values);
            }

            for (int v = 0; v < values; v++)
            {
                recalled[v] = Enumerable.Range(0, keys).Sum(k => (double)probe[k] * exact[k, v]);
                double read = Bonus * value[v];
                for (int k = 0; k < keys; k++)
                {
                    double before = exact[k, v];
                    exact[k, v] = (decay[k] * before) + (key[k] * value[v]) + (corrects ? correction[k] * recalled[v] : 0);
                    read += query[k] * (readsBefore ? before : exact[k, v]);
                }

                Assert.That(output[v], Is.EqualTo(read).Within(2e-5), $"token {token}, value {v}");
            }
        }
    }

    [Test]
    public void Channels_with_a_few_values_each([Values(1, 4, 8, 16)] int lanes, [Values(1, 16, 19)] int states, [Values(7, 48, 64)] int channels)
    {
        const int Width = ConvolutionJob.ChannelsPerItem;
        Random random = new(states + channels);
        float[] decay = Floats(random, states * Width, -2, -0.1f), skip = Floats(random, Width, -1, 1);
        float[] state = new float[states * Width];
        double[,] exact = new double[states, channels];
        for (int token = 0; token < Tokens; token++)
        {
            float[] timeStep = Floats(random, Width, 0.01f, 1), input = Floats(random, Width, -1, 1), output = new float[Width];
            float[] key = Floats(random, states, -1, 1), query = Floats(random, states, -1, 1);
            fixed (float* s = state, t = timeStep, x = input, d = decay, k = key, q = query, g = skip, o = output)
            {
                ChannelStep step = new() { TimeStep = t, Input = x, Decay = d, Key = k, Query = q, Skip = g, Output = o };
                RecurrentKernels.Of(lanes).ScanChannels(in step, s, Width, states, channels);
            }

            for (int c = 0; c < channels; c++)
            {
                double read = skip[c] * (double)input[c];
                for (int n = 0; n < states; n++)
                {
                    exact[n, c] = (Math.Exp(timeStep[c] * (double)decay[(n * Width) + c]) * exact[n, c]) + (timeStep[c] * (double)input[c] * key[n]);
                    read += query[n] * exact[n, c];
                }

                Assert.That(output[c], Is.EqualTo(read).Within(1e-5), $"token {token}, channel {c}");
            }
        }
    }

    [Test]
    public void A_convolution_goes_on_where_it_stopped(
        [Values(1, 4, 8, 16)] int lanes, [Values(1, 2, 4)] int taps, [Values(5, 64, 91)] int channels, [Values(1, 2, 7)] int tokensAtOnce)
    {
        Random random = new(taps + channels);
        int stride = MatrixKernels.Pad(channels);
        float[] weights = Floats(random, channels * taps, -1, 1), bias = Floats(random, channels, -1, 1);
        float[] inputs = Floats(random, Tokens * stride, -1, 1), history = new float[Math.Max(1, ConvolutionJob.HistoryFloats(channels, taps))];

        // What lies behind the last channel belongs to somebody else.
        float[] outputs = [.. Enumerable.Repeat(7f, Tokens * stride)];
        fixed (float* w = weights, b = bias, x = inputs, h = history, o = outputs)
        {
            for (int first = 0; first < Tokens; first += tokensAtOnce)
            {
                ConvolutionJob job = new()
                {
                    Inputs = x + (first * stride),
                    InputStride = stride,
                    Outputs = o + (first * stride),
                    OutputStride = stride,
                    Taps = w,
                    TapCount = taps,
                    Bias = b,
                    History = h,
                    Channels = channels,
                    Tokens = Math.Min(tokensAtOnce, Tokens - first),
                    Silu = true,
                };
                for (int item = 0; item < job.Items; item++)
                    RecurrentKernels.Of(lanes).Convolve(in job, item * ConvolutionJob.ChannelsPerItem);
            }
        }

        for (int token = 0; token < Tokens; token++)
        {
            for (int c = 0; c < channels; c++)
            {
                double sum = bias[c];
                for (int i = Math.Max(0, taps - 1 - token); i < taps; i++)
                    sum += weights[(c * taps) + i] * (double)inputs[((token + i - taps + 1) * stride) + c];
                Assert.That(outputs[(token * stride) + c], Is.EqualTo(sum / (1 + Math.Exp(-sum))).Within(1e-5), $"token {token}, channel {c}");
            }

            for (int c = channels; c < stride; c++)
                Assert.That(outputs[(token * stride) + c], Is.EqualTo(7f));
        }
    }

    [Test]
    public void Gates_and_lengths([Values(1, 4, 8, 16)] int lanes, [Values(3, 16, 37)] int length)
    {
        Random random = new(length);
        IRecurrentKernels kernels = RecurrentKernels.Of(lanes);
        float[] values = Floats(random, MatrixKernels.Pad(length), -3, 3), gates = Floats(random, values.Length, -30, 30);
        float[] silu = [.. values], sigmoid = [.. values], softplus = [.. gates], unit = [.. values], mixed = [.. values];
        fixed (float* g = gates, a = silu, b = sigmoid, c = softplus, d = unit, e = mixed, v = values)
        {
            kernels.MultiplyBySilu(a, g, length);
            kernels.MultiplyBySigmoid(b, g, length);
            kernels.Softplus(c, length);
            kernels.ScaleToLength(d, length, 1e-6f, -2);
            kernels.Interpolate(v, g, g, e, length);
        }

        double norm = Math.Sqrt(values.Take(length).Sum(x => (double)x * x));
        for (int i = 0; i < length; i++)
        {
            double gate = 1 / (1 + Math.Exp(-gates[i]));
            Assert.That(silu[i], Is.EqualTo(values[i] * gates[i] * gate).Within(1e-5));
            Assert.That(sigmoid[i], Is.EqualTo(values[i] * gate).Within(1e-6));
            Assert.That(softplus[i], Is.EqualTo(gates[i] > 20 ? gates[i] : Math.Log(1 + Math.Exp(gates[i]))).Within(1e-5));
            Assert.That(unit[i], Is.EqualTo(-2 * values[i] / norm).Within(1e-5));
            Assert.That(mixed[i], Is.EqualTo(values[i] + ((gates[i] - (double)values[i]) * gates[i])).Within(1e-3));
        }
    }

    private static float[] Floats(Random random, int count, float low, float high) =>
        [.. Enumerable.Range(0, count).Select(_ => low + (random.NextSingle() * (high - low)))];
}
