using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// How the codes of eight rows are kept, 32 columns at a time: eight quads, each a register of four columns of eight
/// rows, in as many bits as the format's codes have. Quads share registers by bit planes (low nibbles or pairs first, then
/// what is left of the bits), so that a quad is a load, a shift and a mask.
/// </summary>
internal static unsafe class QuadCodes
{
    /// <summary>Columns of a chunk.</summary>
    public const int Columns = 32;

    private const int Register = 32;

    /// <summary>Bytes of a chunk of eight rows.</summary>
    /// <param name="bits">Bits of a code.</param>
    public static int ChunkBytes(int bits) => Register * bits;

    /// <summary>One quad's codes.</summary>
    /// <param name="bits">Bits of a code; a constant.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="quad">0 to 7; a constant.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Unpack(int bits, byte* chunk, int quad) => bits switch
    {
        2 => Pair(chunk, quad),
        3 => Pair(chunk, quad) | Bit(chunk + (2 * Register), quad, 2),
        4 => Nibble(chunk, quad),
        5 => Nibble(chunk, quad) | Bit(chunk + (4 * Register), quad, 4),
        6 => Nibble(chunk, quad) | UpperPair(chunk + (4 * Register), quad),
        _ => Vector256.Load(chunk + (quad * Register)),
    };

    /// <summary>Stores eight quads.</summary>
    /// <param name="bits">Bits of a code.</param>
    /// <param name="quads">Eight registers of codes.</param>
    /// <param name="chunk">Receives the chunk.</param>
    public static void Pack(int bits, Vector256<byte>* quads, byte* chunk)
    {
        switch (bits)
        {
            case 2:
            case 3:
                PackPlane(quads, 0, 2, chunk);
                if (bits == 3)
                    PackPlane(quads, 2, 1, chunk + (2 * Register));
                break;
            case 8:
                for (int quad = 0; quad < 8; quad++)
                    quads[quad].Store(chunk + (quad * Register));
                break;
            default:
                PackPlane(quads, 0, 4, chunk);
                if (bits > 4)
                    PackPlane(quads, 4, bits - 4, chunk + (4 * Register));
                break;
        }
    }

    /// <summary>Eight rows of 32 codes to eight quads.</summary>
    /// <param name="rows">Row after row.</param>
    /// <param name="quads">Receives eight registers.</param>
    public static void Transpose(Vector256<byte>* rows, Vector256<byte>* quads)
    {
        Vector256<long> a0 = Avx2.UnpackLow(rows[0].AsInt32(), rows[1].AsInt32()).AsInt64();
        Vector256<long> a1 = Avx2.UnpackHigh(rows[0].AsInt32(), rows[1].AsInt32()).AsInt64();
        Vector256<long> a2 = Avx2.UnpackLow(rows[2].AsInt32(), rows[3].AsInt32()).AsInt64();
        Vector256<long> a3 = Avx2.UnpackHigh(rows[2].AsInt32(), rows[3].AsInt32()).AsInt64();
        Vector256<long> a4 = Avx2.UnpackLow(rows[4].AsInt32(), rows[5].AsInt32()).AsInt64();
        Vector256<long> a5 = Avx2.UnpackHigh(rows[4].AsInt32(), rows[5].AsInt32()).AsInt64();
        Vector256<long> a6 = Avx2.UnpackLow(rows[6].AsInt32(), rows[7].AsInt32()).AsInt64();
        Vector256<long> a7 = Avx2.UnpackHigh(rows[6].AsInt32(), rows[7].AsInt32()).AsInt64();
        Store(Avx2.UnpackLow(a0, a2), Avx2.UnpackLow(a4, a6), quads);
        Store(Avx2.UnpackHigh(a0, a2), Avx2.UnpackHigh(a4, a6), quads + 1);
        Store(Avx2.UnpackLow(a1, a3), Avx2.UnpackLow(a5, a7), quads + 2);
        Store(Avx2.UnpackHigh(a1, a3), Avx2.UnpackHigh(a5, a7), quads + 3);
    }

    // Each half holds a quad of four of the rows: the quads four apart.
    private static void Store(Vector256<long> firstRows, Vector256<long> lastRows, Vector256<byte>* quad)
    {
        quad[0] = Avx2.Permute2x128(firstRows, lastRows, 0x20).AsByte();
        quad[4] = Avx2.Permute2x128(firstRows, lastRows, 0x31).AsByte();
    }

    // Some bits of each quad's codes, the first quad's lowest.
    private static void PackPlane(Vector256<byte>* quads, int firstBit, int bits, byte* plane)
    {
        Vector256<byte> mask = Vector256.Create((byte)((1 << bits) - 1));
        int each = 8 / bits;
        for (int quad = 0; quad < 8; quad += each)
        {
            Vector256<byte> packed = Vector256<byte>.Zero;
            for (int i = 0; i < each; i++)
                packed |= ((quads[quad + i].AsUInt16() >>> firstBit).AsByte() & mask) << (i * bits);
            packed.Store(plane + (quad / each * Register));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Nibble(byte* plane, int quad)
    {
        Vector256<byte> two = Vector256.Load(plane + (quad / 2 * Register));
        return (quad % 2 == 1 ? (two.AsUInt16() >>> 4).AsByte() : two) & Vector256.Create((byte)15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Pair(byte* plane, int quad)
    {
        Vector256<byte> four = Vector256.Load(plane + (quad / 4 * Register));
        return (quad % 4 > 0 ? (four.AsUInt16() >>> (2 * (quad % 4))).AsByte() : four) & Vector256.Create((byte)3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> UpperPair(byte* plane, int quad)
    {
        Vector256<ushort> four = Vector256.Load(plane + (quad / 4 * Register)).AsUInt16();
        Vector256<ushort> moved = (quad % 4) switch
        {
            0 => four << 4,
            1 => four << 2,
            2 => four,
            _ => four >>> 2,
        };
        return moved.AsByte() & Vector256.Create((byte)0x30);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Bit(byte* plane, int quad, int to)
    {
        Vector256<ushort> eight = Vector256.Load(plane).AsUInt16();
        Vector256<ushort> moved = quad < to ? eight << (to - quad) : quad > to ? eight >>> (quad - to) : eight;
        return moved.AsByte() & Vector256.Create((byte)(1 << to));
    }
}
