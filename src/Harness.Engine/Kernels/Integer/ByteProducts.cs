using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Harness.Formats.Tensors;

namespace Harness.Engine.Kernels.Integer;

/// <summary>
/// Products of unsigned bytes with signed ones, summed four by four into 32-bit lanes: one instruction with VNNI, a few
/// with AVX2. Exact either way.
/// </summary>
internal static class ByteProducts
{
    /// <summary>Whether this processor has what the integer kernels need.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>
    /// What <see cref="Add{TFormat}"/> subtracts from each unsigned byte: without VNNI the wide formats, whose products would overflow
    /// 16 bits, are multiplied as signed bytes.
    /// </summary>
    public static int Shift<TFormat>()
        where TFormat : struct, IIntegerFormat => TFormat.Wide && !AvxVnni.IsSupported ? 128 : 0;

    /// <summary><c>sum[i] + Σ (weights[4i + j] − shift) × inputs[4i + j]</c>, j from 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add<TFormat>(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> inputs)
        where TFormat : struct, IIntegerFormat
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sum, weights, inputs);
        Vector256<short> pairs;
        if (TFormat.Wide)
        {
            // |w| × (sign(w) x): at most 128 × 127 twice, which 16 bits hold.
            Vector256<sbyte> signed = (weights ^ Vector256.Create((byte)128)).AsSByte();
            pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(signed), Avx2.Sign(inputs, signed));
        }
        else
        {
            pairs = Avx2.MultiplyAddAdjacent(weights, inputs);
        }

        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
    }

    /// <summary><c>sum[i] + left[2i] × right[2i] + left[2i + 1] × right[2i + 1]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> sum, Vector256<short> left, Vector256<short> right) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum, left, right)
        : sum + Avx2.MultiplyAddAdjacent(left, right);

    /// <summary>The sum of each of eight registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sums(
        Vector256<int> r0, Vector256<int> r1, Vector256<int> r2, Vector256<int> r3,
        Vector256<int> r4, Vector256<int> r5, Vector256<int> r6, Vector256<int> r7)
    {
        Vector256<int> lower = Avx2.HorizontalAdd(Avx2.HorizontalAdd(r0, r1), Avx2.HorizontalAdd(r2, r3));
        Vector256<int> upper = Avx2.HorizontalAdd(Avx2.HorizontalAdd(r4, r5), Avx2.HorizontalAdd(r6, r7));
        return Avx2.Permute2x128(lower, upper, 0x20) + Avx2.Permute2x128(lower, upper, 0x31);
    }
}
