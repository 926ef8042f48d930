using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// A vector register seen as 32-bit lanes, integer or float32 as the operation reads them. Code generic over it is
/// written once and specialised by the JIT for every width; where the hardware lacks a width .NET computes the same
/// values in software, so every width can be tested on every machine.
/// </summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes in the register.</summary>
    static abstract int Count { get; }

    /// <summary>All bits zero: integer 0 and float +0.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>The integer in every lane.</summary>
    static abstract TSelf Fill(int value);

    /// <summary>The float in every lane.</summary>
    static abstract TSelf Fill(float value);

    /// <summary>Loads <see cref="Count"/> float32 or int32 values; no alignment asked.</summary>
    static abstract unsafe TSelf Load(void* source);

    /// <summary>Loads <see cref="Count"/> bytes, zero-extended to integers.</summary>
    static abstract unsafe TSelf LoadBytes(byte* source);

    /// <summary>Loads <see cref="Count"/> signed bytes, sign-extended to integers.</summary>
    static abstract unsafe TSelf LoadSBytes(byte* source);

    /// <summary>Loads <see cref="Count"/> 16-bit values, zero-extended to integers.</summary>
    static abstract unsafe TSelf LoadUInt16(byte* source);

    /// <summary>Stores all lanes; no alignment asked.</summary>
    unsafe void Store(void* destination);

    /// <summary>Stores the low byte of each lane, <see cref="Count"/> bytes.</summary>
    unsafe void StoreBytes(byte* destination);

    /// <summary>Bitwise and.</summary>
    static abstract TSelf operator &(TSelf left, TSelf right);

    /// <summary>Bitwise or.</summary>
    static abstract TSelf operator |(TSelf left, TSelf right);

    /// <summary>Integer lanes shifted left.</summary>
    static abstract TSelf operator <<(TSelf left, int bits);

    /// <summary>Integer lanes shifted right, zeros coming in.</summary>
    static abstract TSelf operator >>>(TSelf left, int bits);

    /// <summary>Integer sum.</summary>
    static abstract TSelf AddInteger(TSelf left, TSelf right);

    /// <summary>Lanes of <paramref name="whenTrue"/> where <paramref name="left"/> &lt; <paramref name="right"/> as signed integers.</summary>
    static abstract TSelf SelectIntegerLess(TSelf left, TSelf right, TSelf whenTrue, TSelf whenFalse);

    /// <summary>The smaller signed integer of each lane.</summary>
    static abstract TSelf MinInteger(TSelf left, TSelf right);

    /// <summary>The larger signed integer of each lane.</summary>
    static abstract TSelf MaxInteger(TSelf left, TSelf right);

    /// <summary>All bits of a lane where <paramref name="left"/> &lt; <paramref name="right"/> as float32, else none.</summary>
    static abstract TSelf Less(TSelf left, TSelf right);

    /// <summary>Bits of <paramref name="whenTrue"/> where <paramref name="mask"/> has them, else of <paramref name="whenFalse"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf whenTrue, TSelf whenFalse);

    /// <summary>Whether any lane has any bit.</summary>
    static abstract bool Any(TSelf mask);

    /// <summary>Integers to the nearest float32.</summary>
    static abstract TSelf ToSingle(TSelf integers);

    /// <summary>Float32 sum, rounded once.</summary>
    static abstract TSelf operator +(TSelf left, TSelf right);

    /// <summary>Float32 difference, rounded once.</summary>
    static abstract TSelf operator -(TSelf left, TSelf right);

    /// <summary>Float32 product, rounded once.</summary>
    static abstract TSelf operator *(TSelf left, TSelf right);

    /// <summary>Float32 quotient, rounded once.</summary>
    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>Square root of each float32, rounded once.</summary>
    static abstract TSelf Sqrt(TSelf value);

    /// <summary>e to the power of each float32, within 1 unit in the last place.</summary>
    static abstract TSelf Exp(TSelf value);

    /// <summary>The natural logarithm of each float32, within 1 unit in the last place.</summary>
    static abstract TSelf Log(TSelf value);

    /// <summary>
    /// Float32 <c>left × right + addend</c>: fused where the processor has the instruction, else rounded twice; always
    /// the same on one machine.
    /// </summary>
    static abstract TSelf MultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary>The larger float32 of each lane.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>Sum of all float32 lanes: halves folded together, then quarters, and so on.</summary>
    static abstract float Sum(TSelf value);

    /// <summary>The largest float32 lane.</summary>
    static abstract float MaxLane(TSelf value);
}

/// <summary>Names the width that the current machine prefers.</summary>
internal static class LaneWidth
{
    /// <summary>The widest register the hardware has, in lanes of 32 bits: 16, 8, 4, or 1 for none.</summary>
    public static int Preferred =>
        Vector512.IsHardwareAccelerated ? Lanes512.Count
        : Vector256.IsHardwareAccelerated ? Lanes256.Count
        : Vector128.IsHardwareAccelerated ? Lanes128.Count
        : 1;
}
