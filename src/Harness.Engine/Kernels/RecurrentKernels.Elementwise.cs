using System.Runtime.CompilerServices;

namespace Harness.Engine.Kernels;

internal sealed unsafe partial class RecurrentKernels<TLanes>
{
    // Beyond it, ln(1 + e^x) is x in float32.
    private const float LargestSoftplus = 20;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MultiplyBySilu(float* values, float* gate, int length)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(gate + i);
            (TLanes.Load(values + i) * (x * SigmoidOf(x))).Store(values + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MultiplyBySigmoid(float* values, float* gate, int length)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
            (TLanes.Load(values + i) * SigmoidOf(TLanes.Load(gate + i))).Store(values + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sigmoid(float* values, int length)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
            SigmoidOf(TLanes.Load(values + i)).Store(values + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Softplus(float* values, int length)
    {
        TLanes one = TLanes.Fill(1f);
        TLanes largest = TLanes.Fill(LargestSoftplus);
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            // Floats compare as integers do where one of them is positive.
            TLanes x = TLanes.Load(values + i);
            TLanes.SelectIntegerLess(x, largest, TLanes.Log(one + TLanes.Exp(x)), x).Store(values + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Exp(float* values, int length)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
            TLanes.Exp(TLanes.Load(values + i)).Store(values + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Interpolate(float* current, float* previous, float* mix, float* output, int length)
    {
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(current + i);
            TLanes.MultiplyAdd(TLanes.Load(previous + i) - x, TLanes.Load(mix + i), x).Store(output + i);
        }

        for (int i = whole; i < length; i++)
            output[i] = current[i] + ((previous[i] - current[i]) * mix[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(float* values, float* factors, int length)
    {
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
            (TLanes.Load(values + i) * TLanes.Load(factors + i)).Store(values + i);
        for (int i = whole; i < length; i++)
            values[i] *= factors[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ScaleToLength(float* values, int length, float epsilon, float scale)
    {
        int whole = length - (length % TLanes.Count);
        TLanes squares = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(values + i);
            squares = TLanes.MultiplyAdd(x, x, squares);
        }

        double sum = TLanes.Sum(squares);
        for (int i = whole; i < length; i++)
            sum += (double)values[i] * values[i];

        float factor = scale / MathF.Max((float)Math.Sqrt(sum), epsilon);
        TLanes factors = TLanes.Fill(factor);
        for (int i = 0; i < whole; i += TLanes.Count)
            (TLanes.Load(values + i) * factors).Store(values + i);
        for (int i = whole; i < length; i++)
            values[i] *= factor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes SigmoidOf(TLanes x)
    {
        TLanes one = TLanes.Fill(1f);
        return one / (one + TLanes.Exp(TLanes.Zero - x));
    }
}
