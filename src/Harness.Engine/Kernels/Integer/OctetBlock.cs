using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// A block of eight neighbouring rows as integer kernels read it: lane r of a register is row r, so that no sum crosses
/// lanes. In this order: the bits of eight scales; those of the minima's scales; scales of two neighbouring groups of each
/// row, pair after pair of groups; minima alike; codes (<see cref="QuadCodes"/>). About as many bytes as are stored.
/// </summary>
internal static unsafe class OctetBlock<TFormat>
    where TFormat : struct, ITensorFormat<TFormat>, IIntegerFormat
{
    /// <summary>Rows.</summary>
    public const int Rows = 8;

    private const int BitsOfEight = Rows * sizeof(ushort);
    private const int MostGroups = 16;

    /// <summary>Whether the block has but one scale.</summary>
    public static bool OneGroup
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockLength == TFormat.GroupLength;
    }

    /// <summary>Integer scales of a row's block.</summary>
    public static int Groups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => OneGroup ? 0 : TFormat.BlockLength / TFormat.GroupLength;
    }

    /// <summary>Where the codes begin.</summary>
    public static int Codes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => GroupMinima + (TFormat.Affine && !ScaleAndMinimumInAByte ? Rows * Groups : 0);
    }

    /// <summary>Bytes of a block.</summary>
    public static int Bytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Codes + (TFormat.BlockLength / QuadCodes.Columns * QuadCodes.ChunkBytes(TFormat.CodeBits));
    }

    private static int GroupScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Affine ? 2 * BitsOfEight : BitsOfEight;
    }

    private static int GroupMinima
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => GroupScales + (Rows * Groups);
    }

    // Of Q2_K, whose scales and minima have four bits, as it stores them.
    private static bool ScaleAndMinimumInAByte
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Affine && TFormat.CodeBits == 2;
    }

    /// <summary>Eight rows' scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(byte* block) => TFormat.ToScales(Avx2.ConvertToVector256Int32((ushort*)block).AsUInt32());

    /// <summary>Eight rows' scales of minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MinimumScales(byte* block) =>
        TFormat.ToScales(Avx2.ConvertToVector256Int32((ushort*)(block + BitsOfEight)).AsUInt32());

    /// <summary>Each row's scales of two neighbouring groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> GroupScalesOf(byte* block, int pair)
    {
        byte* scales = block + GroupScales + (pair * 2 * Rows);
        return ScaleAndMinimumInAByte
            ? Avx2.ConvertToVector256Int16(Vector128.Load(scales) & Vector128.Create((byte)15))
            : Avx2.ConvertToVector256Int16((sbyte*)scales);
    }

    /// <summary>Each row's minima of two neighbouring groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> GroupMinimaOf(byte* block, int pair) => ScaleAndMinimumInAByte
        ? Avx2.ConvertToVector256Int16((Vector128.Load(block + GroupScales + (pair * 2 * Rows)).AsUInt16() >>> 4).AsByte() & Vector128.Create((byte)15))
        : Avx2.ConvertToVector256Int16(block + GroupMinima + (pair * 2 * Rows));

    /// <summary>Makes a block of eight rows' stored ones.</summary>
    /// <param name="rows">The rows' blocks.</param>
    /// <param name="block">Receives <see cref="Bytes"/>.</param>
    /// <returns>Whether all scales are finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static bool Pack(byte** rows, byte* block)
    {
        var scales = (ushort*)block;
        bool finite = true;
        for (int r = 0; r < Rows; r++)
        {
            scales[r] = (ushort)TFormat.ScaleBits(rows[r]);
            finite &= IsFinite(TFormat.ScaleBits(rows[r]));
            if (TFormat.Affine)
            {
                scales[Rows + r] = (ushort)TFormat.MinimumBits(rows[r]);
                finite &= IsFinite(TFormat.MinimumBits(rows[r]));
            }
        }

        if (!OneGroup)
            PackGroups(rows, block);
        byte* codes = block + Codes;
        Vector256<byte>* unpacked = stackalloc Vector256<byte>[Rows];
        Vector256<byte>* quads = stackalloc Vector256<byte>[Rows];
        for (int index = 0; index < TFormat.BlockLength / QuadCodes.Columns; index++)
        {
            for (int r = 0; r < Rows; r++)
                unpacked[r] = CodesOf(rows[r], index);
            QuadCodes.Transpose(unpacked, quads);
            QuadCodes.Pack(TFormat.CodeBits, quads, codes);
            codes += QuadCodes.ChunkBytes(TFormat.CodeBits);
        }

        return finite;
    }

    private static void PackGroups(byte** rows, byte* block)
    {
        short* scales = stackalloc short[MostGroups];
        short* minima = stackalloc short[MostGroups];
        for (int r = 0; r < Rows; r++)
        {
            TFormat.Groups(rows[r], scales, minima);
            for (int g = 0; g < Groups; g++)
            {
                int at = (g / 2 * 2 * Rows) + (2 * r) + (g % 2);
                block[GroupScales + at] = (byte)(ScaleAndMinimumInAByte ? (byte)scales[g] | (minima[g] << 4) : (byte)scales[g]);
                if (TFormat.Affine && !ScaleAndMinimumInAByte)
                    block[GroupMinima + at] = (byte)minima[g];
            }
        }
    }

    // A scale of eight bits is a power of two or, all ones, no number; one of sixteen bits is binary16.
    private static bool IsFinite(uint bits) => TFormat.Type == TensorType.MXFP4 ? bits != 0xFF : (bits & 0x7C00) != 0x7C00;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> CodesOf(byte* block, int index) => index switch
    {
        0 => TFormat.Codes(block, 0),
        1 => TFormat.Codes(block, 1),
        2 => TFormat.Codes(block, 2),
        3 => TFormat.Codes(block, 3),
        4 => TFormat.Codes(block, 4),
        5 => TFormat.Codes(block, 5),
        6 => TFormat.Codes(block, 6),
        _ => TFormat.Codes(block, 7),
    };
}
