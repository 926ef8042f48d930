using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Harness.Engine.Kernels.Integer;

/// <summary>Products of weights' bytes with activations' signed bytes, four columns of eight rows at a time. All exact.</summary>
internal static class ByteProducts
{
    /// <summary>Whether this processor has what the integer kernels need.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>
    /// <c>sum[i] + Σ weights[4i + j] × inputs[4i + j]</c>, j from 0 to 3, weights from 0 to 255: one instruction with VNNI.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddFour(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> inputs)
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sum, weights, inputs);

        // Without it this serves tests of the code written for it: even columns, then odd ones.
        Vector256<short> x = inputs.AsInt16();
        Vector256<short> w = weights.AsInt16();
        return sum
            + Avx2.MultiplyAddAdjacent(w & Vector256.Create((short)0xFF), (x << 8) >> 8)
            + Avx2.MultiplyAddAdjacent(w >>> 8, x >> 8);
    }

    /// <summary>Products of two columns, summed: of unsigned weights small enough that 16 bits hold them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<byte> weights, Vector256<sbyte> inputs) => Avx2.MultiplyAddAdjacent(weights, inputs);

    /// <summary>
    /// The same of signed weights, as <c>|w| × (sign(w) x)</c>: at most 128 × 127 twice, which 16 bits hold.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<byte> magnitudes, Vector256<sbyte> weights, Vector256<sbyte> inputs) =>
        Avx2.MultiplyAddAdjacent(magnitudes, Avx2.Sign(inputs, weights));

    /// <summary><c>sum[i] + left[2i] × right[2i] + left[2i + 1] × right[2i + 1]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> sum, Vector256<short> left, Vector256<short> right) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum, left, right)
        : sum + Avx2.MultiplyAddAdjacent(left, right);

    /// <summary>The four bytes at a place, for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<sbyte> Four(byte* source) => Vector256.Create(*(int*)source).AsSByte();

    /// <summary>The two 16-bit integers at a place, for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector256<short> Two(short* source) => Vector256.Create(*(int*)source).AsInt16();
}
