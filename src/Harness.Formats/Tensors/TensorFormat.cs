namespace Harness.Formats.Tensors;

/// <summary>Decodes whole blocks; see <see cref="ITensorFormat{TSelf}"/>.</summary>
/// <param name="source">Stored blocks.</param>
/// <param name="destination">One float32 a value.</param>
public delegate void BlockDecoder(ReadOnlySpan<byte> source, Span<float> destination);

/// <summary>Encodes values into whole blocks; see <see cref="ITensorEncoder{TSelf}"/>.</summary>
/// <param name="source">One float32 a value.</param>
/// <param name="destination">Stored blocks.</param>
public delegate void BlockEncoder(ReadOnlySpan<float> source, Span<byte> destination);

/// <summary>Encodes one row with an importance for each column; see <see cref="IWeightedTensorEncoder{TSelf}"/>.</summary>
/// <param name="source">One float32 a value.</param>
/// <param name="importance">How much an error in each column counts.</param>
/// <param name="destination">Stored blocks.</param>
public delegate void WeightedBlockEncoder(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination);

/// <summary>A tensor format as a value, for code that meets it only at run time.</summary>
/// <param name="Type">The type's number in GGUF files.</param>
/// <param name="BlockLength">Values in one block.</param>
/// <param name="BlockBytes">Bytes of one stored block.</param>
/// <param name="DecodeScalar">The scalar reference decoder.</param>
/// <param name="Decode">The vectorised decoder.</param>
/// <param name="Encode">The encoder, or null when the format can only be read.</param>
/// <param name="EncodeWeighted">The encoder that heeds an importance matrix, or null when none does.</param>
public sealed record TensorFormat(
    TensorType Type,
    int BlockLength,
    int BlockBytes,
    BlockDecoder DecodeScalar,
    BlockDecoder Decode,
    BlockEncoder? Encode,
    WeightedBlockEncoder? EncodeWeighted);

/// <summary>Work that is generic over a tensor format, started from a format known only at run time.</summary>
/// <typeparam name="TResult">What the work returns.</typeparam>
public interface ITensorFormatVisitor<out TResult>
{
    /// <summary>Runs the work for one format.</summary>
    /// <typeparam name="TFormat">The format.</typeparam>
    /// <returns>The result.</returns>
    TResult Visit<TFormat>()
        where TFormat : struct, ITensorFormat<TFormat>;
}
