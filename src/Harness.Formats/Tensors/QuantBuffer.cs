using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// The two halves of unpacking a format whose codes stand for signed bytes: codes to bytes on the stack, 16 at a time,
/// then bytes times a scale to float32, at any width.
/// </summary>
internal static unsafe class QuantBuffer
{
    /// <summary>
    /// Looks up the 32 nibbles of 16 bytes in a table of 16: those in the low nibbles first, then those in the high.
    /// </summary>
    /// <param name="packed">16 bytes.</param>
    /// <param name="table">What each nibble stands for.</param>
    /// <param name="quants">Receives 32 signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LookUp32(byte* packed, Vector128<sbyte> table, sbyte* quants)
    {
        Vector128<byte> pairs = Vector128.Load(packed);
        Vector128.ShuffleNative(table, (pairs & Vector128.Create((byte)15)).AsSByte()).Store(quants);
        Vector128.ShuffleNative(table, (pairs >>> 4).AsSByte()).Store(quants + 16);
    }

    /// <summary>As <see cref="LookUp32"/>, of 8 bytes and 16 nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LookUp16(byte* packed, Vector128<sbyte> table, sbyte* quants)
    {
        Vector128<byte> pairs = Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(packed)).AsByte();
        Vector128<byte> nibbles = Vector128.Create(
            (pairs & Vector128.Create((byte)15)).AsUInt64().ToScalar(), (pairs >>> 4).AsUInt64().ToScalar()).AsByte();
        Vector128.ShuffleNative(table, nibbles.AsSByte()).Store(quants);
    }

    /// <summary>Signed bytes times a scale.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="quants">The bytes.</param>
    /// <param name="scale">The scale, in every lane.</param>
    /// <param name="destination">Receives the products.</param>
    /// <param name="count">How many; a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale<TLanes>(sbyte* quants, TLanes scale, float* destination, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int i = 0; i < count; i += TLanes.Count)
            (TLanes.ToSingle(TLanes.LoadSBytes((byte*)quants + i)) * scale).Store(destination + i);
    }
}
