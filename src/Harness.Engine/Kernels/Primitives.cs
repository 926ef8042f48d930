using System.Runtime.CompilerServices;
using Harness.Engine.Blueprints;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels;

/// <summary>
/// The element-wise and reducing steps of a layer, for one token or head at a time. All lengths are padded to whole
/// registers; each reduction has one order, which depends on nothing but the length.
/// </summary>
internal unsafe interface IPrimitives
{
    /// <summary><c>output = input / sqrt(mean(input²) + ε) × weight</c>; without a weight when it is null.</summary>
    void RmsNorm(float* input, float* weight, float* output, int length, float epsilon);

    /// <summary><c>output = (input − mean) / sqrt(variance + ε) × weight</c>; without a weight when it is null.</summary>
    void LayerNorm(float* input, float* weight, float* output, int length, float epsilon);

    /// <summary><c>values = f(values) × factors</c>; without factors when they are null. Room for multiples of 16.</summary>
    void Activate(Activation activation, float* values, float* factors, int length);

    /// <summary><c>values += addends</c>.</summary>
    void Add(float* values, float* addends, int length);

    /// <summary><c>Σ left × right</c>; both zero-padded to a multiple of 16.</summary>
    float Dot(float* left, float* right, int padded);

    /// <summary><c>accumulator += factor × values</c>; both padded to a multiple of 16.</summary>
    void AddScaled(float* accumulator, float factor, float* values, int padded);

    /// <summary>
    /// Turns scores into <c>e^(score − largest)</c> and returns their sum. Room for a multiple of 16; what lies past
    /// the length is overwritten. A further score, −∞ for none, takes part in both and is not stored.
    /// </summary>
    float ExpOfDifference(float* scores, int length, float further);

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

        Scale(input, weight, output, length, shift: 0, (float)(1 / Math.Sqrt((sum / length) + epsilon)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void LayerNorm(float* input, float* weight, float* output, int length, float epsilon)
    {
        TLanes sums = TLanes.Zero;
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
            sums += TLanes.Load(input + i);
        double sum = TLanes.Sum(sums);
        for (int i = whole; i < length; i++)
            sum += input[i];

        float mean = (float)(sum / length);
        TLanes means = TLanes.Fill(mean);
        TLanes squares = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(input + i) - means;
            squares = TLanes.MultiplyAdd(x, x, squares);
        }

        double square = TLanes.Sum(squares);
        for (int i = whole; i < length; i++)
            square += (double)(input[i] - mean) * (input[i] - mean);

        Scale(input, weight, output, length, mean, (float)(1 / Math.Sqrt((square / length) + epsilon)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Activate(Activation activation, float* values, float* factors, int length)
    {
        switch (activation)
        {
            case Activation.Silu:
                Apply<Silu>(values, factors, length);
                break;
            case Activation.Gelu:
                Apply<Gelu>(values, factors, length);
                break;
            case Activation.GeluQuick:
                Apply<GeluQuick>(values, factors, length);
                break;
            case Activation.Relu:
                Apply<Relu>(values, factors, length);
                break;
            case Activation.ReluSquared:
                Apply<ReluSquared>(values, factors, length);
                break;
            case Activation.Sigmoid:
                Apply<Sigmoid>(values, factors, length);
                break;
            default:
                ScalarActivations.Apply(activation, values, factors, length);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(float* values, float* addends, int length)
    {
        int whole = length - (length % TLanes.Count);
        for (int i = 0; i < whole; i += TLanes.Count)
            (TLanes.Load(values + i) + TLanes.Load(addends + i)).Store(values + i);
        for (int i = whole; i < length; i++)
            values[i] += addends[i];
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
    public float ExpOfDifference(float* scores, int length, float further)
    {
        int padded = MatrixKernels.Pad(length);
        for (int i = length; i < padded; i++)
            scores[i] = float.NegativeInfinity;

        TLanes largest = TLanes.Load(scores);
        for (int i = TLanes.Count; i < padded; i += TLanes.Count)
            largest = TLanes.Max(largest, TLanes.Load(scores + i));

        float most = Math.Max(TLanes.MaxLane(largest), further);
        TLanes subtracted = TLanes.Fill(most);
        TLanes sum = TLanes.Zero;
        for (int i = 0; i < padded; i += TLanes.Count)
        {
            TLanes exp = TLanes.Exp(TLanes.Load(scores + i) - subtracted);
            exp.Store(scores + i);
            sum += exp;
        }

        return TLanes.Sum(sum) + MathF.Exp(further - most);
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

    private static void Scale(float* input, float* weight, float* output, int length, float shift, float scale)
    {
        int whole = length - (length % TLanes.Count);
        TLanes shifts = TLanes.Fill(shift);
        TLanes scales = TLanes.Fill(scale);
        if (weight is null)
        {
            for (int i = 0; i < whole; i += TLanes.Count)
                ((TLanes.Load(input + i) - shifts) * scales).Store(output + i);
            for (int i = whole; i < length; i++)
                output[i] = (input[i] - shift) * scale;
            return;
        }

        for (int i = 0; i < whole; i += TLanes.Count)
            ((TLanes.Load(input + i) - shifts) * scales * TLanes.Load(weight + i)).Store(output + i);
        for (int i = whole; i < length; i++)
            output[i] = (input[i] - shift) * scale * weight[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Apply<TFunction>(float* values, float* factors, int length)
        where TFunction : struct, IFunction
    {
        int padded = MatrixKernels.Pad(length);
        if (factors is null)
        {
            for (int i = 0; i < padded; i += TLanes.Count)
                TFunction.Of(TLanes.Load(values + i)).Store(values + i);
            return;
        }

        // Factors may follow the values at once. What is written past the length was read before.
        for (int i = 0; i < padded; i += TLanes.Count)
            (TFunction.Of(TLanes.Load(values + i)) * TLanes.Load(factors + i)).Store(values + i);
    }

    private static TLanes Logistic(TLanes x)
    {
        TLanes one = TLanes.Fill(1f);
        return one / (one + TLanes.Exp(TLanes.Zero - x));
    }

    private interface IFunction
    {
        static abstract TLanes Of(TLanes x);
    }

    private readonly struct Silu : IFunction
    {
        public static TLanes Of(TLanes x) => x * Logistic(x);
    }

    private readonly struct Gelu : IFunction
    {
        public static TLanes Of(TLanes x)
        {
            // 2 √(2/π) and its product with 0.044715.
            TLanes inner = TLanes.MultiplyAdd(TLanes.Fill(0.0713548162726f) * x, x * x, TLanes.Fill(1.59576912160573f) * x);
            return x * Logistic(inner);
        }
    }

    private readonly struct GeluQuick : IFunction
    {
        public static TLanes Of(TLanes x) => x * Logistic(TLanes.Fill(1.702f) * x);
    }

    private readonly struct Relu : IFunction
    {
        public static TLanes Of(TLanes x) => TLanes.Max(x, TLanes.Zero);
    }

    private readonly struct ReluSquared : IFunction
    {
        public static TLanes Of(TLanes x)
        {
            TLanes positive = TLanes.Max(x, TLanes.Zero);
            return positive * positive;
        }
    }

    private readonly struct Sigmoid : IFunction
    {
        public static TLanes Of(TLanes x) => Logistic(x);
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
        4 => new Primitives<Lanes128>(),
        _ => new Primitives<LanesScalar>(),
    };
}
