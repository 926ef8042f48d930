using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>
/// A block-quantized format seen as integers, for kernels that multiply integers: value i of a block is
/// <c>scale × scales[i / GroupLength] × values[i] − minimum × minima[i / GroupLength]</c>, with values from 0 to 255.
/// </summary>
internal unsafe interface IIntegerFormat
{
    /// <summary>Values that share an integer scale: 16 or 32; all of them where a block has but one.</summary>
    static abstract int GroupLength { get; }

    /// <summary>Minima have a scale of their own; otherwise <c>minimum</c> is <c>scale</c>.</summary>
    static abstract bool Affine { get; }

    /// <summary>Values go beyond 127.</summary>
    static abstract bool Wide { get; }

    /// <summary>Where a block is one group, its integer minimum; its integer scale is 1. 1 where that is <see cref="Affine"/>.</summary>
    static abstract int Offset { get; }

    /// <summary>Some values of a block, a byte each.</summary>
    /// <param name="block">The stored block.</param>
    /// <param name="index">Which 32 of them. Callers give a constant, so that what depends on it is compiled away.</param>
    static abstract Vector256<byte> Values(byte* block, int index);

    /// <summary>The integer scales and minima of a block of several groups.</summary>
    /// <param name="block">The stored block.</param>
    /// <param name="scales">Receives one a group.</param>
    /// <param name="minima">Receives one a group.</param>
    static abstract void Groups(byte* block, short* scales, short* minima);

    /// <summary>The stored bits of a block's scale.</summary>
    static abstract uint ScaleBits(byte* block);

    /// <summary>The stored bits of the scale of a block's minima; of no use unless the format is <see cref="Affine"/>.</summary>
    static abstract uint MinimumBits(byte* block);

    /// <summary>Turns stored bits of eight scales into the scales.</summary>
    static abstract Vector256<float> ToScales(Vector256<uint> bits);
}
