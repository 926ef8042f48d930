namespace Harness.Formats.Tensors;

/// <summary>The writing side of a tensor format; see <see cref="ITensorFormat{TSelf}"/>.</summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
public interface ITensorEncoder<TSelf>
    where TSelf : struct, ITensorFormat<TSelf>, ITensorEncoder<TSelf>
{
    /// <summary>
    /// Encodes values into whole blocks, as llama.cpp's reference quantizer (<c>quantize_row_*_ref</c>) does.
    /// </summary>
    /// <param name="source">A whole number of blocks' values, all finite.</param>
    /// <param name="destination">Room for the blocks.</param>
    static abstract void Encode(ReadOnlySpan<float> source, Span<byte> destination);
}

/// <summary>An encoder that can weigh errors by an importance matrix.</summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
public interface IWeightedTensorEncoder<TSelf> : ITensorEncoder<TSelf>
    where TSelf : struct, ITensorFormat<TSelf>, IWeightedTensorEncoder<TSelf>
{
    /// <summary>Encodes one row, as llama.cpp's <c>quantize_*</c> does with an importance matrix.</summary>
    /// <param name="source">A whole number of blocks' values, all finite.</param>
    /// <param name="importance">How much an error in each column counts: finite, not negative, as many as values.</param>
    /// <param name="destination">Room for the blocks.</param>
    static abstract void EncodeWeighted(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination);
}
