using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Four lanes of 32 bits in plain numbers, for processors and switches that leave no vector registers: .NET's own vectors are
/// computed element by element in calls there, many times slower than this.
/// </summary>
internal readonly struct LanesScalar : ILanes<LanesScalar>
{
    private readonly float lane0;
    private readonly float lane1;
    private readonly float lane2;
    private readonly float lane3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LanesScalar(float lane0, float lane1, float lane2, float lane3)
    {
        this.lane0 = lane0;
        this.lane1 = lane1;
        this.lane2 = lane2;
        this.lane3 = lane3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LanesScalar(int lane0, int lane1, int lane2, int lane3)
        : this(
            BitConverter.Int32BitsToSingle(lane0),
            BitConverter.Int32BitsToSingle(lane1),
            BitConverter.Int32BitsToSingle(lane2),
            BitConverter.Int32BitsToSingle(lane3))
    {
    }

    /// <inheritdoc/>
    public static int Count => 4;

    /// <inheritdoc/>
    public static LanesScalar Zero => default;

    private int Bits0 => BitConverter.SingleToInt32Bits(lane0);

    private int Bits1 => BitConverter.SingleToInt32Bits(lane1);

    private int Bits2 => BitConverter.SingleToInt32Bits(lane2);

    private int Bits3 => BitConverter.SingleToInt32Bits(lane3);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar Fill(int value) => new(value, value, value, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar Fill(float value) => new(value, value, value, value);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe LanesScalar Load(void* source)
    {
        var values = (float*)source;
        return new(values[0], values[1], values[2], values[3]);
    }

    /// <inheritdoc/>
    public static unsafe LanesScalar LoadBytes(byte* source) => new((int)source[0], source[1], source[2], source[3]);

    /// <inheritdoc/>
    public static unsafe LanesScalar LoadSBytes(byte* source)
    {
        var values = (sbyte*)source;
        return new((int)values[0], values[1], values[2], values[3]);
    }

    /// <inheritdoc/>
    public static unsafe LanesScalar LoadUInt16(byte* source)
    {
        var values = (ushort*)source;
        return new((int)values[0], values[1], values[2], values[3]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Store(void* destination)
    {
        var values = (float*)destination;
        values[0] = lane0;
        values[1] = lane1;
        values[2] = lane2;
        values[3] = lane3;
    }

    /// <inheritdoc/>
    public unsafe void StoreBytes(byte* destination)
    {
        destination[0] = (byte)Bits0;
        destination[1] = (byte)Bits1;
        destination[2] = (byte)Bits2;
        destination[3] = (byte)Bits3;
    }

    /// <inheritdoc/>
    public static LanesScalar operator &(LanesScalar left, LanesScalar right) =>
        new(left.Bits0 & right.Bits0, left.Bits1 & right.Bits1, left.Bits2 & right.Bits2, left.Bits3 & right.Bits3);

    /// <inheritdoc/>
    public static LanesScalar operator |(LanesScalar left, LanesScalar right) =>
        new(left.Bits0 | right.Bits0, left.Bits1 | right.Bits1, left.Bits2 | right.Bits2, left.Bits3 | right.Bits3);

    /// <inheritdoc/>
    public static LanesScalar operator <<(LanesScalar left, int bits) =>
        new(left.Bits0 << bits, left.Bits1 << bits, left.Bits2 << bits, left.Bits3 << bits);

    /// <inheritdoc/>
    public static LanesScalar operator >>>(LanesScalar left, int bits) =>
        new(left.Bits0 >>> bits, left.Bits1 >>> bits, left.Bits2 >>> bits, left.Bits3 >>> bits);

    /// <inheritdoc/>
    public static LanesScalar AddInteger(LanesScalar left, LanesScalar right) =>
        new(left.Bits0 + right.Bits0, left.Bits1 + right.Bits1, left.Bits2 + right.Bits2, left.Bits3 + right.Bits3);

    /// <inheritdoc/>
    public static LanesScalar SelectIntegerLess(LanesScalar left, LanesScalar right, LanesScalar whenTrue, LanesScalar whenFalse) => new(
        left.Bits0 < right.Bits0 ? whenTrue.lane0 : whenFalse.lane0,
        left.Bits1 < right.Bits1 ? whenTrue.lane1 : whenFalse.lane1,
        left.Bits2 < right.Bits2 ? whenTrue.lane2 : whenFalse.lane2,
        left.Bits3 < right.Bits3 ? whenTrue.lane3 : whenFalse.lane3);

    /// <inheritdoc/>
    public static LanesScalar MinInteger(LanesScalar left, LanesScalar right) => SelectIntegerLess(left, right, left, right);

    /// <inheritdoc/>
    public static LanesScalar MaxInteger(LanesScalar left, LanesScalar right) => SelectIntegerLess(left, right, right, left);

    /// <inheritdoc/>
    public static LanesScalar Less(LanesScalar left, LanesScalar right) => new(
        left.lane0 < right.lane0 ? -1 : 0, left.lane1 < right.lane1 ? -1 : 0, left.lane2 < right.lane2 ? -1 : 0, left.lane3 < right.lane3 ? -1 : 0);

    /// <inheritdoc/>
    public static LanesScalar Select(LanesScalar mask, LanesScalar whenTrue, LanesScalar whenFalse) => new(
        Select(mask.Bits0, whenTrue.Bits0, whenFalse.Bits0),
        Select(mask.Bits1, whenTrue.Bits1, whenFalse.Bits1),
        Select(mask.Bits2, whenTrue.Bits2, whenFalse.Bits2),
        Select(mask.Bits3, whenTrue.Bits3, whenFalse.Bits3));

    /// <inheritdoc/>
    public static bool Any(LanesScalar mask) => (mask.Bits0 | mask.Bits1 | mask.Bits2 | mask.Bits3) != 0;

    /// <inheritdoc/>
    public static LanesScalar ToSingle(LanesScalar integers) =>
        new((float)integers.Bits0, (float)integers.Bits1, (float)integers.Bits2, (float)integers.Bits3);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar operator +(LanesScalar left, LanesScalar right) =>
        new(left.lane0 + right.lane0, left.lane1 + right.lane1, left.lane2 + right.lane2, left.lane3 + right.lane3);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar operator -(LanesScalar left, LanesScalar right) =>
        new(left.lane0 - right.lane0, left.lane1 - right.lane1, left.lane2 - right.lane2, left.lane3 - right.lane3);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar operator *(LanesScalar left, LanesScalar right) =>
        new(left.lane0 * right.lane0, left.lane1 * right.lane1, left.lane2 * right.lane2, left.lane3 * right.lane3);

    /// <inheritdoc/>
    public static LanesScalar operator /(LanesScalar left, LanesScalar right) =>
        new(left.lane0 / right.lane0, left.lane1 / right.lane1, left.lane2 / right.lane2, left.lane3 / right.lane3);

    /// <inheritdoc/>
    public static LanesScalar Sqrt(LanesScalar value) =>
        new(MathF.Sqrt(value.lane0), MathF.Sqrt(value.lane1), MathF.Sqrt(value.lane2), MathF.Sqrt(value.lane3));

    /// <inheritdoc/>
    public static LanesScalar Exp(LanesScalar value) =>
        new(MathF.Exp(value.lane0), MathF.Exp(value.lane1), MathF.Exp(value.lane2), MathF.Exp(value.lane3));

    /// <inheritdoc/>
    public static LanesScalar Log(LanesScalar value) =>
        new(MathF.Log(value.lane0), MathF.Log(value.lane1), MathF.Log(value.lane2), MathF.Log(value.lane3));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanesScalar MultiplyAdd(LanesScalar left, LanesScalar right, LanesScalar addend) => (left * right) + addend;

    /// <inheritdoc/>
    public static LanesScalar Max(LanesScalar left, LanesScalar right) => new(
        MathF.Max(left.lane0, right.lane0), MathF.Max(left.lane1, right.lane1), MathF.Max(left.lane2, right.lane2), MathF.Max(left.lane3, right.lane3));

    /// <inheritdoc/>
    public static float Sum(LanesScalar value) => (value.lane0 + value.lane2) + (value.lane1 + value.lane3);

    /// <inheritdoc/>
    public static float MaxLane(LanesScalar value) => MathF.Max(MathF.Max(value.lane0, value.lane2), MathF.Max(value.lane1, value.lane3));

    private static int Select(int mask, int whenTrue, int whenFalse) => (mask & whenTrue) | (~mask & whenFalse);
}
