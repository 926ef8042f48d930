namespace Harness.Formats.Tensors;

/// <summary>
/// One tensor format: its block layout, its scalar decoder and its vectorised unpacking. A format is one file that
/// implements this interface as a <c>struct</c>; code generic over it is specialised by the JIT, so that no format
/// needs a tile of its own. A format that can also be written implements <see cref="ITensorEncoder{TSelf}"/>.
/// </summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
public interface ITensorFormat<TSelf>
    where TSelf : struct, ITensorFormat<TSelf>
{
    /// <summary>The type's number in GGUF files.</summary>
    static abstract TensorType Type { get; }

    /// <summary>Values in one block: 1 for plain floats, 32 or 256 for block-quantized formats.</summary>
    static abstract int BlockLength { get; }

    /// <summary>Bytes of one stored block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>
    /// Decodes whole blocks, one value at a time: the reference that every vector path is tested against.
    /// Bit for bit what llama.cpp's <c>dequantize_row_*</c> yields (a NaN stays a NaN; its payload is not kept).
    /// </summary>
    /// <param name="source">A whole number of blocks.</param>
    /// <param name="destination">One float32 a value: <c>source.Length / BlockBytes * BlockLength</c> values.</param>
    static abstract void DecodeScalar(ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>
    /// Decodes whole blocks with the vector instructions at hand (Vector512, Vector256, Vector128 or none). Same
    /// values as <see cref="DecodeScalar"/>, bit for bit.
    /// </summary>
    /// <inheritdoc cref="DecodeScalar" path="/param"/>
    static abstract void Decode(ReadOnlySpan<byte> source, Span<float> destination);
}
