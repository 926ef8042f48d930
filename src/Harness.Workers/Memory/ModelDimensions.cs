using Harness.Engine;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Workers.Memory;

/// <summary>Attention of a layer: what its cache and its scores take.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Heads of keys and values.</param>
/// <param name="KeyLength">Values of a key.</param>
/// <param name="ValueLength">Values of a value that is stored; 0 where it is the beginning of the key.</param>
/// <param name="Window">Positions it sees; 0 for all.</param>
/// <param name="OwnCache">It keeps keys and values of its own.</param>
internal sealed record LayerAttention(int Heads, int KeyValueHeads, int KeyLength, int ValueLength, int Window = 0, bool OwnCache = true)
{
    /// <summary>Values kept of a position.</summary>
    public double KeptValues => OwnCache ? (double)KeyValueHeads * ((double)KeyLength + ValueLength) : 0;

    public double QueryWidth => (double)Heads * KeyLength;
}

/// <summary>The lengths of a model that decide what an evaluation takes.</summary>
internal sealed record ModelDimensions
{
    // No model has as many; a header that says so is damaged, and a list as long is not made for it.
    private const int MostLayers = 1 << 16;

    public required int Embedding { get; init; }

    public required int Vocabulary { get; init; }

    public required int ContextLength { get; init; }

    /// <summary>Values of a token in the midst of the widest feed-forward: gate, up and what becomes of them.</summary>
    public required long FeedForward { get; init; }

    public int Experts { get; init; }

    public int ExpertsUsed { get; init; }

    /// <summary>Width of a recurrent block's projections; 0 where there is none.</summary>
    public long Recurrent { get; init; }

    /// <summary>Bytes of recurrent states of each layer.</summary>
    public required IReadOnlyList<long> StateBytes { get; init; }

    /// <summary>The attention of each layer, or null where it has none.</summary>
    public required IReadOnlyList<LayerAttention?> Layers { get; init; }

    /// <summary>The dimensions of a blueprint.</summary>
    public static ModelDimensions Of(Blueprint blueprint, IReadOnlyList<GgufHeader> headers)
    {
        ExpertsBlueprint[] experts = [.. blueprint.Layers.SelectMany(l => l.Blocks).OfType<ExpertsBlueprint>()];
        return new ModelDimensions
        {
            Embedding = blueprint.EmbeddingLength,
            Vocabulary = blueprint.VocabularySize,
            ContextLength = blueprint.LongestContext > 0 ? Math.Min(blueprint.LongestContext, blueprint.ContextLength) : blueprint.ContextLength,
            FeedForward = blueprint.Layers.SelectMany(l => l.Blocks).Select(b => FeedForwardWidth(b, blueprint.EmbeddingLength)).DefaultIfEmpty().Max(),
            Experts = experts.Select(e => e.Count).DefaultIfEmpty().Max(),
            ExpertsUsed = experts.Select(e => e.Used).DefaultIfEmpty().Max(),
            Recurrent = headers.SelectMany(h => h.Tensors)
                .Where(t => t.Name.EndsWith(".ssm_in.weight", StringComparison.Ordinal) || t.Name.EndsWith(".shortconv.in_proj.weight", StringComparison.Ordinal))
                .Select(t => t.RowCount).DefaultIfEmpty().Max(),
            StateBytes = [.. blueprint.Layers.Select(l => l.Blocks.Where(b => b.Recurrent).Sum(b => b.StateBytes(1, KvCacheType.F16)))],
            Layers = [.. blueprint.Layers.Select(l => l.Blocks.Select(AttentionOf).FirstOrDefault(a => a is not null))],
        };
    }

    /// <summary>The dimensions that metadata says, of an architecture that the built-in engine does not know.</summary>
    public static ModelDimensions Of(IReadOnlyList<GgufHeader> headers)
    {
        GgufMetadata metadata = headers[0].Metadata;
        string a = metadata.TryGetString("general.architecture", out string? name) ? name : string.Empty;
        int layers = Math.Min(Number("block_count", 0), MostLayers), embedding = Number("embedding_length", 0);
        int[] heads = PerLayer("attention.head_count", 1), keyValueHeads = PerLayer("attention.head_count_kv", heads.Length > 0 ? heads.Max() : 1);
        int length = embedding / Math.Max(1, heads.DefaultIfEmpty(1).Max());
        int key = Number("attention.key_length", length), value = Number("attention.value_length", length);
        GgufTensor? tokens = headers.SelectMany(h => h.Tensors).FirstOrDefault(t => t.Name == "token_embd.weight");
        int used = Number("expert_used_count", 0);
        return new ModelDimensions
        {
            Embedding = embedding,
            Vocabulary = tokens is null ? 0 : (int)Math.Min(tokens.RowCount, int.MaxValue),
            ContextLength = Number("context_length", 0),
            FeedForward = Math.Max(3L * PerLayer("feed_forward_length", 0).DefaultIfEmpty().Max(), 3L * used * Number("expert_feed_forward_length", 0)),
            Experts = Number("expert_count", 0),
            ExpertsUsed = used,
            StateBytes = new long[layers],

            // Which layers a window holds for, the architecture says, not the metadata: all are taken to see everything.
            Layers = [.. Enumerable.Range(0, layers).Select(i => keyValueHeads[i] == 0 ? null : new LayerAttention(heads[i], keyValueHeads[i], key, value))],
        };

        int Number(string part, int otherwise) => metadata.TryGetNumber($"{a}.{part}", out long number) ? (int)Math.Clamp(number, 0, int.MaxValue) : otherwise;

        // One number for all layers, or one each; a list that is too short says nothing of the rest.
        int[] PerLayer(string part, int otherwise)
        {
            if (!metadata.TryGet($"{a}.{part}", out GgufValue? given) || !given.TryAsArray(out ReadOnlyMemory<long> each))
                return [.. Enumerable.Repeat(Number(part, otherwise), layers)];
            int[] all = [.. Enumerable.Repeat(otherwise, layers)];
            for (int i = 0; i < Math.Min(layers, each.Length); i++)
                all[i] = (int)Math.Clamp(each.Span[i], 0, int.MaxValue);
            return all;
        }
    }

    private static long FeedForwardWidth(BlockBlueprint block, long embedding) => block switch
    {
        FeedForwardBlueprint dense => (dense.Gate == FeedForwardGate.None ? 2L : 3L) * dense.Length,
        ExpertsBlueprint experts => ((experts.Gate == FeedForwardGate.None ? 2L : 3L) * experts.Used * experts.Length) + (experts.Used * embedding),
        _ => 0,
    };

    private static LayerAttention? AttentionOf(BlockBlueprint block) => block switch
    {
        AttentionBlueprint { HeadCount: > 0 } a => new LayerAttention(
            a.HeadCount, a.KeyValueHeadCount, a.KeyLength, a.ValueLength, a.Window?.Length ?? 0, a.CacheOfLayer is null),
        LatentAttentionBlueprint { Absorbed: true } m => new LayerAttention(m.HeadCount, 1, m.LatentRank + m.RotatedLength, 0, m.Window?.Length ?? 0),
        LatentAttentionBlueprint m => new LayerAttention(m.HeadCount, m.HeadCount, m.KeyLength, m.ValueLength, m.Window?.Length ?? 0),
        _ => null,
    };
}
