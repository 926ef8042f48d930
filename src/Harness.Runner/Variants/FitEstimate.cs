using Harness.Formats.Gguf;

namespace Harness.Runner.Variants;

/// <summary>
/// The memory a model needs, from its header: weights, KV cache and a fixed allowance for the process. An estimate,
/// used only to keep from starting what cannot end well.
/// </summary>
/// <param name="WeightBytes">Exact bytes of the tensors.</param>
/// <param name="KvBytes">Bytes of a float16 KV cache of the context asked for.</param>
/// <param name="ProcessBytes">Allowance for code, buffers and the tokenizer.</param>
internal sealed record FitEstimate(long WeightBytes, long KvBytes, long ProcessBytes)
{
    public long Total => WeightBytes + KvBytes + ProcessBytes;

    public static FitEstimate Of(IReadOnlyList<GgufHeader> headers, int contextLength)
    {
        GgufMetadata metadata = headers[0].Metadata;
        long weights = headers.Sum(h => h.FileLength - h.DataOffset);
        string a = metadata.TryGetString("general.architecture", out string? name) ? name : "";
        long Number(string key, long fallback) => metadata.TryGetNumber($"{a}.{key}", out long value) ? Math.Max(0, value) : fallback;
        long layers = Number("block_count", 0), embedding = Number("embedding_length", 0);
        long[] perLayer = Counts("attention.head_count", [1]);
        long heads = Math.Max(1, perLayer.Max());
        long[] kvHeads = Counts("attention.head_count_kv", perLayer);
        long keyLength = Number("attention.key_length", embedding / heads);
        long valueLength = Number("attention.value_length", embedding / heads);

        // In floating point: a header's numbers may be absurd, and their product then is too much, never too little.
        double allHeads = kvHeads.Length == 1 ? (double)layers * kvHeads[0] : kvHeads.Sum(count => (double)count);
        double kv = allHeads * ((double)keyLength + valueLength) * sizeof(ushort) * contextLength;
        return new FitEstimate(weights, (long)Math.Min(kv, long.MaxValue / 4), 96L << 20);

        // One number for all layers, or one each; layers without attention have none.
        long[] Counts(string key, long[] otherwise)
        {
            key = $"{a}.{key}";
            if (!metadata.TryGet(key, out GgufValue? given)) return otherwise;
            if (given.TryAsArray(out ReadOnlyMemory<long> counts) && counts.Length > 0) return [.. counts.ToArray().Select(count => Math.Max(0, count))];
            return [metadata.TryGetNumber(key, out long one) ? Math.Max(0, one) : 0];
        }
    }
}
