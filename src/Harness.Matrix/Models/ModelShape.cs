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
    /// <summary>Norms of the residual stream's width in each layer: 2, or 4 where sub-layers are normed before and after.</summary>
    public int NormsPerLayer { get; init; } = 2;

    /// <summary>Whether each head's queries and keys are normed, with one weight an element of a head.</summary>
    public bool QkNorm { get; init; }

    /// <summary>Whether the feed-forward is two matrices (up, down) rather than three (gate, up, down).</summary>
    public bool Ungated { get; init; }

    /// <summary>Rows of learned position embeddings; 0 for none.</summary>
    public int LearnedPositions { get; init; }

    /// <summary>Positions a windowed layer sees; 0 where every layer sees all.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>Layers that see all positions; <see cref="Layers"/> without a window.</summary>
    public int FullAttentionLayers { get; init; } = Layers;

    /// <summary>Experts of a layer that has some; null for a dense model.</summary>
    public ExpertShape? Experts { get; init; }

    /// <summary>Latent attention (MLA), or null where keys and values are stored as they are.</summary>
    public LatentShape? Latent { get; init; }

    /// <summary>Where the numbers were read, or null.</summary>
    public string? Source { get; init; }

    /// <summary>Weights of the decoder: what a published configuration's numbers add up to, biases of norms and experts left out.</summary>
    public long ParameterCount => Count(expertsRead: Experts?.Count ?? 0);

    /// <summary>Weights that one token needs: with experts, only the chosen ones; the embedding counts whole.</summary>
    public long ActiveParameterCount => Count(expertsRead: Experts?.Used ?? 0);

    /// <summary>
    /// Bytes of a float16 key-value cache: keys and values of every layer for so many positions; windowed layers hold no
    /// more than their window, latent attention holds its latent and the rotated part of one key.
    /// </summary>
    /// <param name="positions">Positions held.</param>
    public long KvCacheBytes(int positions)
    {
        long position = sizeof(ushort) * (Latent is { } latent ? latent.KvRank + latent.RopeDim : 2L * KvHeads * HeadDim);
        long windowed = Layers - FullAttentionLayers;
        return position * ((FullAttentionLayers * (long)positions) + (windowed * Math.Min(positions, SlidingWindow)));
    }

    private long Count(int expertsRead)
    {
        long width = EmbeddingLength;
        long matrices = Ungated ? 2 : 3;
        int sparse = Experts is { } experts ? Layers - experts.DenseLayers : 0;
        long dense = (Layers - sparse) * matrices * width * FeedForwardLength;
        long chosen = Experts is { } e ? sparse * ((e.Count * width) + (matrices * width * ((expertsRead * (long)e.FeedForwardLength) + e.SharedFeedForwardLength))) : 0;
        long norms = ((Layers * (long)NormsPerLayer) + 1) * width;
        long embedding = (Tied ? 1 : 2) * (long)VocabularySize * width;
        return (Layers * AttentionCount()) + dense + chosen + norms + embedding + (LearnedPositions * width);
    }

    private long AttentionCount()
    {
        long width = EmbeddingLength, query = (long)Heads * HeadDim, keyValue = (long)KvHeads * HeadDim;
        if (Latent is { } latent)
        {
            long asked = latent.QueryRank > 0 ? (latent.QueryRank * (width + query + 1)) : width * query;
            long held = (width * (latent.KvRank + latent.RopeDim)) + latent.KvRank + (latent.KvRank * (long)Heads * (HeadDim - latent.RopeDim + latent.ValueDim));
            return asked + held + (width * Heads * latent.ValueDim);
        }

        long attention = (width * (query + keyValue + keyValue)) + (query * width);
        if (AttentionBiases) attention += query + keyValue + keyValue;
        return attention + (QkNorm ? 2 * HeadDim : 0);
    }

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

        int layers = reader.RequiredInteger("layers", 1, 100_000, "24");
        int window = reader.Integer("sliding-window", 1, int.MaxValue, 0);
        int full = reader.Integer("full-attention-layers", 0, layers, window == 0 ? layers : 0);
        if (window == 0 && full != layers)
            reader.Report("full-attention-layers", "the field says that some layers are windowed, and no window is given", "add 'sliding-window', or remove the field");
        ModelShape shape = new(
            layers,
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
            reader.Flag("unverified"))
        {
            NormsPerLayer = reader.Integer("norms-per-layer", 1, 8, 2),
            QkNorm = reader.Flag("qk-norm"),
            Ungated = reader.Flag("ungated"),
            LearnedPositions = reader.Integer("learned-positions", 1, most, 0),
            SlidingWindow = window,
            FullAttentionLayers = full,
            Experts = reader.Map("experts") is { } experts ? ExpertShape.Read(experts, layers) : null,
            Latent = reader.Map("latent-attention") is { } latent ? LatentShape.Read(latent, headDim) : null,
            Source = reader.Text("source"),
        };
        reader.Finish();
        return shape;
    }
}
