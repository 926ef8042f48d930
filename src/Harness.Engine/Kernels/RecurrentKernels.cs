using System.Runtime.CompilerServices;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary><see cref="IRecurrentKernels"/> at one register width.</summary>
internal sealed unsafe partial class RecurrentKernels<TLanes> : IRecurrentKernels
    where TLanes : struct, ILanes<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Advance(in StateStep step, float* state, int keys, int values)
    {
        int value = 0;
        for (; value + (4 * TLanes.Count) <= values; value += 4 * TLanes.Count)
            AdvanceFour(in step, state + value, keys, values, value);
        for (; value < values; value += TLanes.Count)
            AdvanceOne(in step, state + value, keys, values, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ScanChannels(in ChannelStep step, float* state, int stateStride, int states, int channels)
    {
        for (int c = 0; c < channels; c += TLanes.Count)
        {
            TLanes timeStep = TLanes.Load(step.TimeStep + c);
            TLanes input = TLanes.Load(step.Input + c);
            TLanes scaled = timeStep * input;
            TLanes output = TLanes.Load(step.Skip + c) * input;
            float* row = state + c;
            for (int n = 0; n < states; n++, row += stateStride)
            {
                TLanes decay = TLanes.Exp(timeStep * TLanes.Load(step.Decay + (n * ConvolutionJob.ChannelsPerItem) + c));
                TLanes next = TLanes.MultiplyAdd(TLanes.Fill(step.Key[n]), scaled, decay * TLanes.Load(row));
                next.Store(row);
                output = TLanes.MultiplyAdd(TLanes.Fill(step.Query[n]), next, output);
            }

            output.Store(step.Output + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Convolve(in ConvolutionJob job, int firstChannel)
    {
        const int Width = ConvolutionJob.ChannelsPerItem;
        int count = Math.Min(Width, job.Channels - firstChannel);
        int taps = job.TapCount;
        int past = taps - 1;
        int historyStride = MatrixKernels.Pad(job.Channels);

        // The file has each channel's taps together; the loop below wants each tap's channels together. Bias last.
        float* weights = stackalloc float[(ConvolutionJob.MaxTaps + 1) * Width];
        new Span<float>(weights, (taps + 1) * Width).Clear();
        for (int c = 0; c < count; c++)
        {
            for (int i = 0; i < taps; i++)
                weights[(i * Width) + c] = job.Taps[((long)(firstChannel + c) * taps) + i];
            if (job.Bias is not null)
                weights[(taps * Width) + c] = job.Bias[firstChannel + c];
        }

        float* history = job.History + firstChannel;
        float* inputs = job.Inputs + firstChannel;
        float* outputs = job.Outputs + firstChannel;
        float* rest = stackalloc float[MatrixKernels.Padding];
        TLanes one = TLanes.Fill(1f);
        for (int token = 0; token < job.Tokens; token++)
        {
            for (int c = 0; c < count; c += TLanes.Count)
            {
                TLanes sum = TLanes.Load(weights + (taps * Width) + c);
                for (int i = 0; i < taps; i++)
                {
                    int source = token + i - past;
                    float* row = source < 0
                        ? history + ((long)(source + past) * historyStride)
                        : inputs + ((long)source * job.InputStride);
                    sum = TLanes.MultiplyAdd(TLanes.Load(weights + (i * Width) + c), TLanes.Load(row + c), sum);
                }

                if (job.Silu)
                    sum *= one / (one + TLanes.Exp(TLanes.Zero - sum));
                float* output = outputs + ((long)token * job.OutputStride) + c;
                if (c + TLanes.Count <= count)
                {
                    sum.Store(output);
                    continue;
                }

                // What lies behind the last channel may be another convolution's.
                sum.Store(rest);
                new ReadOnlySpan<float>(rest, count - c).CopyTo(new Span<float>(output, count - c));
                break;
            }
        }

        // Rows ascending: each is copied from a later one, or from the panel.
        for (int i = 0; i < past; i++)
        {
            int source = job.Tokens + i;
            float* row = source < past
                ? history + ((long)source * historyStride)
                : inputs + ((long)(source - past) * job.InputStride);
            new ReadOnlySpan<float>(row, count).CopyTo(new Span<float>(history + ((long)i * historyStride), count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AdvanceFour(in StateStep step, float* state, int keys, int stride, int value)
    {
        int lanes = TLanes.Count;
        bool corrects = step.Probe is not null;
        bool before = step.ReadsBefore;
        TLanes recalled0 = TLanes.Zero, recalled1 = TLanes.Zero, recalled2 = TLanes.Zero, recalled3 = TLanes.Zero;
        if (corrects)
        {
            float* row = state;
            for (int k = 0; k < keys; k++, row += stride)
            {
                TLanes probe = TLanes.Fill(step.Probe[k]);
                recalled0 = TLanes.MultiplyAdd(probe, TLanes.Load(row), recalled0);
                recalled1 = TLanes.MultiplyAdd(probe, TLanes.Load(row + lanes), recalled1);
                recalled2 = TLanes.MultiplyAdd(probe, TLanes.Load(row + (2 * lanes)), recalled2);
                recalled3 = TLanes.MultiplyAdd(probe, TLanes.Load(row + (3 * lanes)), recalled3);
            }
        }

        float* values = step.Value + value;
        TLanes output0 = TLanes.Zero, output1 = TLanes.Zero, output2 = TLanes.Zero, output3 = TLanes.Zero;
        for (int k = 0; k < keys; k++, state += stride)
        {
            TLanes decay = TLanes.Fill(step.Decay[k]);
            TLanes key = TLanes.Fill(step.Key[k]);
            TLanes query = TLanes.Fill(step.Query[k]);
            TLanes old0 = TLanes.Load(state);
            TLanes old1 = TLanes.Load(state + lanes);
            TLanes old2 = TLanes.Load(state + (2 * lanes));
            TLanes old3 = TLanes.Load(state + (3 * lanes));
            TLanes next0 = TLanes.MultiplyAdd(key, TLanes.Load(values), decay * old0);
            TLanes next1 = TLanes.MultiplyAdd(key, TLanes.Load(values + lanes), decay * old1);
            TLanes next2 = TLanes.MultiplyAdd(key, TLanes.Load(values + (2 * lanes)), decay * old2);
            TLanes next3 = TLanes.MultiplyAdd(key, TLanes.Load(values + (3 * lanes)), decay * old3);
            if (corrects)
            {
                TLanes correction = TLanes.Fill(step.Correction[k]);
                next0 = TLanes.MultiplyAdd(correction, recalled0, next0);
                next1 = TLanes.MultiplyAdd(correction, recalled1, next1);
                next2 = TLanes.MultiplyAdd(correction, recalled2, next2);
                next3 = TLanes.MultiplyAdd(correction, recalled3, next3);
            }

            next0.Store(state);
            next1.Store(state + lanes);
            next2.Store(state + (2 * lanes));
            next3.Store(state + (3 * lanes));
            output0 = TLanes.MultiplyAdd(query, before ? old0 : next0, output0);
            output1 = TLanes.MultiplyAdd(query, before ? old1 : next1, output1);
            output2 = TLanes.MultiplyAdd(query, before ? old2 : next2, output2);
            output3 = TLanes.MultiplyAdd(query, before ? old3 : next3, output3);
        }

        TLanes bonus = TLanes.Fill(step.Bonus);
        float* outputs = step.Output + value;
        TLanes.MultiplyAdd(bonus, TLanes.Load(values), output0).Store(outputs);
        TLanes.MultiplyAdd(bonus, TLanes.Load(values + lanes), output1).Store(outputs + lanes);
        TLanes.MultiplyAdd(bonus, TLanes.Load(values + (2 * lanes)), output2).Store(outputs + (2 * lanes));
        TLanes.MultiplyAdd(bonus, TLanes.Load(values + (3 * lanes)), output3).Store(outputs + (3 * lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AdvanceOne(in StateStep step, float* state, int keys, int stride, int value)
    {
        bool corrects = step.Probe is not null;
        TLanes recalled = TLanes.Zero;
        for (int k = 0; corrects && k < keys; k++)
            recalled = TLanes.MultiplyAdd(TLanes.Fill(step.Probe[k]), TLanes.Load(state + ((long)k * stride)), recalled);

        TLanes values = TLanes.Load(step.Value + value);
        TLanes output = TLanes.Zero;
        for (int k = 0; k < keys; k++, state += stride)
        {
            TLanes old = TLanes.Load(state);
            TLanes next = TLanes.MultiplyAdd(TLanes.Fill(step.Key[k]), values, TLanes.Fill(step.Decay[k]) * old);
            if (corrects)
                next = TLanes.MultiplyAdd(TLanes.Fill(step.Correction[k]), recalled, next);
            next.Store(state);
            output = TLanes.MultiplyAdd(TLanes.Fill(step.Query[k]), step.ReadsBefore ? old : next, output);
        }

        TLanes.MultiplyAdd(TLanes.Fill(step.Bonus), values, output).Store(step.Output + value);
    }
}
