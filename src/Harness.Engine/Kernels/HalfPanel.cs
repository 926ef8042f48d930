using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels;

/// <summary>Brings rows of 16-bit floats into a panel of 32 rows, column after column.</summary>
internal static unsafe class HalfPanel
{
    private const int Rows = MatrixKernels.RowsPerItem;

    /// <summary>Packs.</summary>
    /// <param name="rows">The first stored row.</param>
    /// <param name="rowBytes">Bytes from one to the next.</param>
    /// <param name="count">How many, at most 32; past the last, that row again.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="raise">Binary16 values are made 2^<paramref name="raise"/> times as large: 0 or 10.</param>
    /// <param name="panel">Receives 32 × columns values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* rows, long rowBytes, int count, int columns, int raise, ushort* panel)
    {
        ushort** eight = stackalloc ushort*[8];
        ushort* rest = stackalloc ushort[8];
        for (int r = 0; r < Rows; r += 8)
        {
            for (int i = 0; i < 8; i++)
                eight[i] = (ushort*)(rows + (Math.Min(r + i, count - 1) * rowBytes));
            int c = 0;
            for (; c + 8 <= columns; c += 8)
                Transpose(eight, c, raise, panel + ((long)c * Rows) + r);
            for (; c < columns; c++)
            {
                for (int i = 0; i < 8; i++)
                    rest[i] = eight[i][c];
                Raised(Vector128.Load(rest), raise).Store(panel + ((long)c * Rows) + r);
            }
        }
    }

    /// <summary>Eight rows of eight values to eight columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(ushort** rows, int column, int raise, ushort* target)
    {
        Vector128<ushort> r0 = Raised(Vector128.Load(rows[0] + column), raise);
        Vector128<ushort> r1 = Raised(Vector128.Load(rows[1] + column), raise);
        Vector128<ushort> r2 = Raised(Vector128.Load(rows[2] + column), raise);
        Vector128<ushort> r3 = Raised(Vector128.Load(rows[3] + column), raise);
        Vector128<ushort> r4 = Raised(Vector128.Load(rows[4] + column), raise);
        Vector128<ushort> r5 = Raised(Vector128.Load(rows[5] + column), raise);
        Vector128<ushort> r6 = Raised(Vector128.Load(rows[6] + column), raise);
        Vector128<ushort> r7 = Raised(Vector128.Load(rows[7] + column), raise);
        Columns(
            Sse2.UnpackLow(r0, r1).AsUInt32(), Sse2.UnpackLow(r2, r3).AsUInt32(), Sse2.UnpackLow(r4, r5).AsUInt32(), Sse2.UnpackLow(r6, r7).AsUInt32(), target);
        Columns(
            Sse2.UnpackHigh(r0, r1).AsUInt32(), Sse2.UnpackHigh(r2, r3).AsUInt32(), Sse2.UnpackHigh(r4, r5).AsUInt32(), Sse2.UnpackHigh(r6, r7).AsUInt32(), target + (4 * Rows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d, ushort* target)
    {
        Vector128<ulong> ab = Sse2.UnpackLow(a, b).AsUInt64();
        Vector128<ulong> cd = Sse2.UnpackLow(c, d).AsUInt64();
        Sse2.UnpackLow(ab, cd).Store((ulong*)target);
        Sse2.UnpackHigh(ab, cd).Store((ulong*)(target + Rows));
        ab = Sse2.UnpackHigh(a, b).AsUInt64();
        cd = Sse2.UnpackHigh(c, d).AsUInt64();
        Sse2.UnpackLow(ab, cd).Store((ulong*)(target + (2 * Rows)));
        Sse2.UnpackHigh(ab, cd).Store((ulong*)(target + (3 * Rows)));
    }

    /// <summary>Binary16 values 2^10 times as large, exactly: subnormal ones become normal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Raised(Vector128<ushort> values, int raise)
    {
        if (raise == 0)
            return values;
        Vector128<ushort> magnitude = values & Vector128.Create((ushort)0x7FFF);
        Vector128<short> small = Vector128.LessThan(magnitude.AsInt16(), Vector128.Create((short)0x0400));
        Vector128<ushort> raised = values + Vector128.Create((ushort)(raise << 10));
        return small == Vector128<short>.Zero ? raised : Vector128.ConditionalSelect(small.AsUInt16(), OfSubnormals(values, magnitude), raised);
    }

    // A subnormal value is a multiple of 2^-24, so 2^10 times it one of 2^-14; zero stays zero.
    private static Vector128<ushort> OfSubnormals(Vector128<ushort> values, Vector128<ushort> magnitude)
    {
        Vector256<int> multiples = Vector256.WidenLower(magnitude.ToVector256Unsafe()).AsInt32();
        Vector256<int> single = (Vector256.ConvertToSingle(multiples) * Vector256.Create(1f / (1 << 14))).AsInt32();
        Vector256<int> half = Vector256.Max((single >>> 13) - Vector256.Create(112 << 10), Vector256<int>.Zero);
        return Vector128.Narrow(half.GetLower(), half.GetUpper()).AsUInt16() | (values & Vector128.Create((ushort)0x8000));
    }
}
