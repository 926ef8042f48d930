namespace Harness.Formats.Tensors;

/// <summary>Decodes or encodes whole blocks; see <see cref="ITensorFormat{TSelf}"/>.</summary>
/// <param name="source">Stored blocks.</param>
/// <param name="destination">One float32 a value.</param>
public delegate void BlockDecoder(ReadOnlySpan<byte> source, Span<float> destination);

/// <summary>Encodes values into whole blocks; see <see cref="ITensorFormat{TSelf}"/>.</summary>
/// <param name="source">One float32 a value.</param>
/// <param name="destination">Stored blocks.</param>
public delegate void BlockEncoder(ReadOnlySpan<float> source, Span<byte> destination);

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
