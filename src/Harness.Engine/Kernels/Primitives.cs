using System.Runtime.CompilerServices;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>
/// The element-wise and reducing steps of a layer, for one token or head at a time. All lengths are padded to whole
/// registers; each reduction has one order, which depends on nothing but the length.
/// </summary>
internal unsafe interface IPrimitives
{
    /// <summary><c>output = input / sqrt(mean(input²) + ε) × weight</c>.</summary>
    void RmsNorm(float* input, float* weight, float* output, int length, float epsilon);

    /// <summary><c>gate = silu(gate) × up</c>, with silu(x) = x / (1 + e^−x).</summary>
    void SiluMultiply(float* gate, float* up, int length);

    /// <summary><c>Σ left × right</c>; both zero-padded to a multiple of 16.</summary>
    float Dot(float* left, float* right, int padded);

    /// <summary><c>accumulator += factor × values</c>; both padded to a multiple of 16.</summary>
    void AddScaled(float* accumulator, float factor, float* values, int padded);

    /// <summary>
    /// Turns scores into <c>e^(score − largest)</c> and returns their sum. Room for a multiple of 16; what lies past
    /// the length is overwritten.
    /// </summary>
    float ExpOfDifference(float* scores, int length);

    /// <summary>Widens binary16 values; <paramref name="destination"/> is zero-padded to a multiple of 16.</summary>
    void WidenHalves(Half* source, int length, float* destination);
}

/// <summary><see cref="IPrimitives"/> at one register width.</summary>
internal sealed unsafe class Primitives<TLanes> : IPrimitives
    where TLanes : struct, ILanes<TLanes>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void RmsNorm(float* input, float* weight, float* output, int length, float epsilon)
    {
        TLanes sums = TLanes.Zero;
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(input + i);
            sums = TLanes.MultiplyAdd(x, x, sums);
        }

        double sum = TLanes.Sum(sums);
        for (int i = whole; i < length; i++)
            sum += (double)input[i] * input[i];

        float scale = (float)(1 / Math.Sqrt((sum / length) + epsilon));
        TLanes scales = TLanes.Fill(scale);
        for (int i = 0; i < whole; i += TLanes.Count)
            (TLanes.Load(input + i) * scales * TLanes.Load(weight + i)).Store(output + i);
        for (int i = whole; i < length; i++)
            output[i] = input[i] * scale * weight[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SiluMultiply(float* gate, float* up, int length)
    {
        TLanes one = TLanes.Fill(1f);
        int padded = MatrixKernels.Pad(length);
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(gate + i);
            TLanes sigmoid = one / (one + TLanes.Exp(TLanes.Zero - x));
            (x * sigmoid * TLanes.Load(up + i)).Store(gate + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Dot(float* left, float* right, int padded)
    {
        TLanes sum = TLanes.Zero;
        for (int i = 0; i < padded; i += TLanes.Count)
            sum = TLanes.MultiplyAdd(TLanes.Load(left + i), TLanes.Load(right + i), sum);
        return TLanes.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddScaled(float* accumulator, float factor, float* values, int padded)
    {
        TLanes factors = TLanes.Fill(factor);
        for (int i = 0; i < padded; i += TLanes.Count)
            TLanes.MultiplyAdd(factors, TLanes.Load(values + i), TLanes.Load(accumulator + i)).Store(accumulator + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float ExpOfDifference(float* scores, int length)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = length; i < padded; i++)
            scores[i] = float.NegativeInfinity;

        TLanes largest = TLanes.Load(scores);
        for (int i = TLanes.Count; i < padded; i += TLanes.Count)
            largest = TLanes.Max(largest, TLanes.Load(scores + i));

        TLanes subtracted = TLanes.Fill(TLanes.MaxLane(largest));
        TLanes sum = TLanes.Zero;
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            TLanes exp = TLanes.Exp(TLanes.Load(scores + i) - subtracted);
            exp.Store(scores + i);
            sum += exp;
        }

        return TLanes.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void WidenHalves(Half* source, int length, float* destination)
    {
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
            HalfLanes.ToSingle(TLanes.LoadUInt16((byte*)(source + i))).Store(destination + i);
        for (int i = whole; i < length; i++)
            destination[i] = (float)source[i];
        for (int i = length; i < MatrixKernels.Pad(length); i++)
            destination[i] = 0;
    }
}

/// <summary>The primitives at the register width of this machine.</summary>
internal static class Primitives
{
    public static IPrimitives Preferred { get; } = Of(LaneWidth.Preferred);

    public static IPrimitives Of(int lanes) => lanes switch
    {
        16 => new Primitives<Lanes512>(),
        8 => new Primitives<Lanes256>(),
        _ => new Primitives<Lanes128>(),
    };
}
