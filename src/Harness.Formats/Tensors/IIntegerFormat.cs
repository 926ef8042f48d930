namespace Harness.Formats.Tensors;

/// <summary>
/// A block-quantized format seen as integers, for kernels that multiply integers: value i of a block is
/// <c>scale × scales[i / GroupLength] × values[i] − minimum × minima[i / GroupLength]</c>, with values from 0 to 255.
/// </summary>
internal interface IIntegerFormat
{
    /// <summary>Values that share an integer scale: 16 or 32.</summary>
    static abstract int GroupLength { get; }

    /// <summary>Minima have a scale of their own; otherwise <c>minimum</c> is <c>scale</c>.</summary>
    static abstract bool Affine { get; }

    /// <summary>Values go beyond 127.</summary>
    static abstract bool Wide { get; }

    /// <summary>Where a block is one group, every block's minimum, and its integer scale is 1; unless it is <see cref="Affine"/>.</summary>
    static abstract int Offset { get; }

    /// <summary>Unpacks one block.</summary>
    /// <param name="block">The stored block.</param>
    /// <param name="values">Receives one byte a value.</param>
    /// <param name="scales">Receives one integer a group; left alone where a block is one group.</param>
    /// <param name="minima">Receives one integer a group; left alone where a block is one group.</param>
    /// <param name="minimum">Receives the scale of minima where the format is <see cref="Affine"/>, else 0.</param>
    /// <returns>The block's scale.</returns>
    static abstract unsafe float UnpackIntegers(byte* block, byte* values, short* scales, short* minima, out float minimum);
}
