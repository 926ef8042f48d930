using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>The shape of a decoder, from its published configuration.</summary>
/// <param name="Layers">Blocks.</param>
/// <param name="EmbeddingLength">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Elements a head.</param>
/// <param name="FeedForwardLength">Width of the gated feed-forward.</param>
/// <param name="VocabularySize">Rows of the embedding.</param>
/// <param name="ContextLength">Positions the model was trained for.</param>
/// <param name="RopeBase">Base of the rotary frequencies.</param>
/// <param name="RopeLinearScale">Positions are divided by this; 1 for none.</param>
/// <param name="NormEpsilon">Added under the root of the RMS norm.</param>
/// <param name="Tied">Whether the output head is the embedding.</param>
/// <param name="AttentionBiases">Whether Q, K and V have biases.</param>
/// <param name="Unverified">Whether nobody compared these numbers with the published configuration yet.</param>
public sealed record ModelShape(
    int Layers,
    int EmbeddingLength,
    int Heads,
    int KvHeads,
    int HeadDim,
    int FeedForwardLength,
    int VocabularySize,
    int ContextLength,
    double RopeBase,
    double RopeLinearScale,
    double NormEpsilon,
    bool Tied,
    bool AttentionBiases,
    bool Unverified)
{
    /// <summary>Weights of a Llama-like decoder of this shape: RMS norms, separate Q, K, V and output, gated feed-forward.</summary>
    public long ParameterCount
    {
        get
        {
            long query = (long)Heads * HeadDim, keyValue = (long)KvHeads * HeadDim;
            long attention = (EmbeddingLength * (query + keyValue + keyValue)) + (query * EmbeddingLength);
            if (AttentionBiases) attention += query + keyValue + keyValue;
            long feedForward = 3L * EmbeddingLength * FeedForwardLength;
            long norms = 2L * EmbeddingLength;
            long embedding = (long)VocabularySize * EmbeddingLength;
            return (Layers * (attention + feedForward + norms)) + (Tied ? embedding : 2 * embedding) + EmbeddingLength;
        }
    }

    /// <summary>Bytes of a float16 key-value cache: keys and values of every layer for so many positions.</summary>
    /// <param name="positions">Positions held.</param>
    public long KvCacheBytes(int positions) => 2L * sizeof(ushort) * Layers * KvHeads * HeadDim * positions;

    internal static ModelShape Read(FieldReader reader)
    {
        const int most = 1 << 24;
        int embedding = reader.RequiredInteger("embedding-length", 1, most, "896");
        int heads = reader.RequiredInteger("heads", 1, 65536, "14");
        int kvHeads = reader.Integer("kv-heads", 1, 65536, heads);
        int headDim = reader.Integer("head-dim", 1, 65536, 0);
        if (heads % kvHeads != 0)
            reader.Report("kv-heads", $"{kvHeads} key-value heads do not divide {heads} heads", "each key-value head serves the same number of query heads: check the published configuration");
        if (headDim == 0)
        {
            if (embedding % heads != 0)
                reader.Report("heads", $"{heads} heads do not divide the embedding length {embedding}", "add 'head-dim' when heads are not embedding-length / heads wide");
            headDim = Math.Max(1, embedding / heads);
        }

        ModelShape shape = new(
            reader.RequiredInteger("layers", 1, 100_000, "24"),
            embedding,
            heads,
            kvHeads,
            headDim,
            reader.RequiredInteger("feed-forward-length", 1, most, "4864"),
            reader.RequiredInteger("vocabulary-size", 1, most, "151936"),
            reader.RequiredInteger("context-length", 1, int.MaxValue, "32768"),
            reader.Number("rope-base", 0, 1e12, 10000),
            reader.Number("rope-linear-scale", 0, 1e6, 1),
            reader.Number("norm-epsilon", 0, 1, 1e-5),
            reader.Flag("tied"),
            reader.Flag("attention-biases"),
            reader.Flag("unverified"));
        reader.Finish();
        return shape;
    }
}
