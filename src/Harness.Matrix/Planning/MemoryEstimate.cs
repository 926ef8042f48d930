namespace Harness.Matrix;

/// <summary>
/// Rough sizes from a published shape, before any file was seen: only good for not beginning what cannot end well.
/// The exact estimate is made from the file's header.
/// </summary>
internal static class MemoryEstimate
{
    /// <summary>Tokenizer and metadata of a file: about 40 bytes a vocabulary entry.</summary>
    private const int MetadataBytesPerToken = 40;

    /// <summary>Bytes of a file, or null where neither a shape nor a number of parameters is known.</summary>
    public static long? FileBytes(ModelEntry model, Quantization quantization) => model switch
    {
        { Shape: { } shape } => Weights(shape.ParameterCount, quantization) + ((long)shape.VocabularySize * MetadataBytesPerToken),
        { Parameters: { } parameters } => Weights(parameters, quantization),
        _ => null,
    };

    private static long Weights(long parameters, Quantization quantization) => (long)(parameters * quantization.BitsPerWeight / 8);

    /// <summary>The design's bound on a worker's peak: 1.15 × file + KV cache + 96 MiB.</summary>
    public static long PeakBytes(long fileBytes, ModelShape shape, int contextLength) =>
        (long)(1.15 * fileBytes) + shape.KvCacheBytes(Math.Min(contextLength, shape.ContextLength)) + (96L << 20);
}
