namespace Harness.Matrix;

/// <summary>
/// Rough sizes from a published shape, before any file was seen: only good for not beginning what cannot end well.
/// The exact estimate is made from the file's header.
/// </summary>
internal static class MemoryEstimate
{
    /// <summary>Tokenizer and metadata of a file: about 40 bytes a vocabulary entry.</summary>
    private const int MetadataBytesPerToken = 40;

    public static long FileBytes(ModelShape shape, Quantization quantization) =>
        (long)(shape.ParameterCount * quantization.BitsPerWeight / 8) + ((long)shape.VocabularySize * MetadataBytesPerToken);

    /// <summary>The design's bound on a worker's peak: 1.15 × file + KV cache + 96 MiB.</summary>
    public static long PeakBytes(long fileBytes, ModelShape shape, int contextLength) =>
        (long)(1.15 * fileBytes) + shape.KvCacheBytes(Math.Min(contextLength, shape.ContextLength)) + (96L << 20);
}
