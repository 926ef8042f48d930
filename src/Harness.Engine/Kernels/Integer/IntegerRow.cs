using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// A row of activations as signed bytes with a scale for each block: what integer kernels multiply with. The layout, in
/// this order, each part aligned: bytes; scales; sums of each 16 bytes and of each 32, for the minima of weights; where they
/// are asked for, the values once more in 16 bits, of each four the first and third, then the second and fourth.
/// </summary>
internal static unsafe class IntegerRow
{
    private const int Alignment = 64;

    /// <summary>Blocks of formats whose blocks are 32 values.</summary>
    public const int SmallBlock = 32;

    /// <summary>Blocks of formats whose blocks are 256 values.</summary>
    public const int SuperBlock = 256;

    /// <summary>Bytes of a row.</summary>
    /// <param name="columns">Values; a multiple of the block.</param>
    /// <param name="block">Values that share a scale.</param>
    /// <param name="words">With the values in 16 bits.</param>
    public static int Bytes(int columns, int block, bool words = false) =>
        Words(columns, block) + (words ? Align(columns * sizeof(short)) : 0);

    /// <summary>Where the values in 16 bits are.</summary>
    public static int Words(int columns, int block) => Sums(columns, block, 32) + Align(columns / 32 * SumBytes(block));

    /// <summary>Where the scales are: one float32 a block.</summary>
    public static int Scales(int columns) => Align(columns);

    /// <summary>Where sums are.</summary>
    /// <param name="columns">Values.</param>
    /// <param name="block">Values that share a scale.</param>
    /// <param name="length">Values summed: 16 or 32; 32 where that is the block.</param>
    public static int Sums(int columns, int block, int length)
    {
        int first = Scales(columns) + Align(columns / block * sizeof(float));
        return block == SmallBlock || length == 16 ? first : first + Align(columns / 16 * sizeof(short));
    }

    /// <summary>Quantizes a row: each block to the largest magnitude's 127th part, to the nearest, ties to even.</summary>
    /// <param name="input">The values.</param>
    /// <param name="columns">How many; a multiple of the block.</param>
    /// <param name="block">32 or 256.</param>
    /// <param name="row">Room for <see cref="Bytes"/>.</param>
    /// <param name="words">With the values in 16 bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* input, int columns, int block, byte* row, bool words = false)
    {
        var scales = (float*)(row + Scales(columns));
        byte* sums = row + Sums(columns, block, 32);
        var sums16 = (short*)(row + Sums(columns, block, 16));
        var bytes = (sbyte*)row;
        for (int start = 0; start < columns; start += block)
        {
            Vector256<float> most = Vector256<float>.Zero;
            for (int i = 0; i < block; i += 8)
                most = Vector256.Max(most, Vector256.Abs(Vector256.Load(input + start + i)));
            float largest = Largest(most);
            *scales++ = largest / 127;
            var inverse = Vector256.Create(largest > 0 ? 127 / largest : 0);
            for (int i = start; i < start + block; i += 32)
            {
                Vector256<int> a = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(input + i) * inverse));
                Vector256<int> b = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(input + i + 8) * inverse));
                Vector256<int> c = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(input + i + 16) * inverse));
                Vector256<int> d = Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(input + i + 24) * inverse));
                Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d)).Store(bytes + i);
                int first = Vector256.Sum(a + b);
                int second = Vector256.Sum(c + d);
                if (block == SmallBlock)
                {
                    *(int*)sums = first + second;
                }
                else
                {
                    *sums16++ = (short)first;
                    *sums16++ = (short)second;
                    *(short*)sums = (short)(first + second);
                }

                sums += SumBytes(block);
            }
        }

        if (words)
            Widen(bytes, columns, (int*)(row + Words(columns, block)));
    }

    private static void Widen(sbyte* bytes, int columns, int* words)
    {
        for (int i = 0; i < columns; i += 16)
        {
            Vector128<short> four = Vector128.Load(bytes + i).AsInt16();
            Vector128<int> even = ((four << 8) >> 8).AsInt32();
            Vector128<int> odd = (four >> 8).AsInt32();
            Vector256.Create(Sse2.UnpackLow(even, odd), Sse2.UnpackHigh(even, odd)).Store(words + (i / 2));
        }
    }

    private static int SumBytes(int block) => block == SmallBlock ? sizeof(int) : sizeof(short);

    private static float Largest(Vector256<float> values)
    {
        Vector128<float> half = Vector128.Max(values.GetLower(), values.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(half.GetElement(0), half.GetElement(1));
    }

    private static int Align(int bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
