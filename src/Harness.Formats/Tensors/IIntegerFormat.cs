using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// A block-quantized format seen as integers, for kernels that multiply integers. With v the value of code i and s the
/// scale of group <c>i / GroupLength</c>, what the code stands for is <c>scale × s × v − minimum × m</c> where the format is
/// <see cref="Affine"/> and m is the group's minimum, and <c>scale × s × (v − Offset)</c> where it is not.
/// </summary>
internal unsafe interface IIntegerFormat
{
    /// <summary>Values that share an integer scale: 16 or 32; all of them where a block has but one, which is 1.</summary>
    static abstract int GroupLength { get; }

    /// <summary>Groups have minima.</summary>
    static abstract bool Affine { get; }

    /// <summary>Bits of a code: 2, 3, 4, 5, 6 or 8.</summary>
    static abstract int CodeBits { get; }

    /// <summary>The largest magnitude of a value. Up to 127, values are unsigned bytes; above, signed ones, and <see cref="Offset"/> is 0.</summary>
    static abstract int LargestValue { get; }

    /// <summary>What is subtracted from each value; where a block is one <see cref="Affine"/> group, its integer minimum.</summary>
    static abstract int Offset { get; }

    /// <summary>Some codes of a block, a byte each.</summary>
    /// <param name="block">The stored block.</param>
    /// <param name="index">Which 32 of them. Callers give a constant, so that what depends on it is compiled away.</param>
    static abstract Vector256<byte> Codes(byte* block, int index);

    /// <summary>The values of codes.</summary>
    static abstract Vector256<byte> Values(Vector256<byte> codes);

    /// <summary>The integer scales and minima of a block of several groups; minima only where the format is <see cref="Affine"/>.</summary>
    /// <param name="block">The stored block.</param>
    /// <param name="scales">Receives one a group, each a signed byte's worth; room for 16.</param>
    /// <param name="minima">Receives one a group, from 0 to 127; room for 16.</param>
    static abstract void Groups(byte* block, short* scales, short* minima);

    /// <summary>The stored bits of a block's scale, 16 at most.</summary>
    static abstract uint ScaleBits(byte* block);

    /// <summary>The stored bits of the scale of a block's minima, 16 at most; of no use unless the format is <see cref="Affine"/>.</summary>
    static abstract uint MinimumBits(byte* block);

    /// <summary>Turns stored bits of eight finite scales into the scales.</summary>
    static abstract Vector256<float> ToScales(Vector256<uint> bits);
}
