using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// What the blocks of a session are made with. Each says, when it is made, how many rows, how much scratch and how much
/// state it needs; the rows of one block lie where the rows of another did, since blocks run one after the other.
/// </summary>
internal sealed unsafe class BlockContext
{
    /// <summary>Name of the shared rows that hold the residual stream as the layer found it, where a block asks for it.</summary>
    public const string LayerInput = "layer input";

    /// <summary>Name of the rows of the residual stream itself.</summary>
    public const string Residual = "residual";

    /// <summary>Names of the shared rows of the two streams of hierarchical models.</summary>
    public const string HighStream = "high stream", LowStream = "low stream";

    /// <summary>Name of the shared rows that hold the residual stream as the first layer found it, where a block asks for it.</summary>
    public const string Embedding = "embedding";

    private const int StateAlignment = 64;

    private readonly ModelWeights weights;
    private readonly Dictionary<RotaryBlueprint, RotaryEmbedding> rotaries = [];
    private readonly Dictionary<int, BlockedKeyValueStore> stores = [];
    private readonly Dictionary<string, RowsLayout> shared = new(StringComparer.Ordinal);
    private long kept;
    private long scratch;
    private long mostScratch;
    private long threadScratch;
    private long state;

    public BlockContext(Blueprint blueprint, ModelWeights weights, ComputePool pool, int positions, KvCacheType cacheType, int panelTokens)
    {
        this.weights = weights;
        Blueprint = blueprint;
        Pool = pool;
        Positions = positions;
        CacheType = cacheType;
        Panel = new Panel(panelTokens);
        Matrices = new MatrixWork(pool, Panel);
        foreach (WeightMatrix matrix in weights.Matrices)
        {
            RequireThreadScratch(matrix.Kernel.ScratchFloats(matrix.Columns, panelTokens));
            RequireThreadScratch(matrix.Kernel.ScratchFloats(matrix.Columns, 1));
        }
    }

    public Blueprint Blueprint { get; }

    public ComputePool Pool { get; }

    public IPrimitives Primitives { get; } = Kernels.Primitives.Preferred;

    /// <summary>Positions of the session.</summary>
    public int Positions { get; }

    public KvCacheType CacheType { get; }

    /// <summary>The session's tokens and memory; there is none before all blocks are made.</summary>
    public Panel Panel { get; }

    /// <summary>Runs projections.</summary>
    public MatrixWork Matrices { get; }

    /// <summary>The layer whose blocks are being made.</summary>
    public int Layer { get; private set; }

    /// <summary>The rotary embeddings asked for, each once.</summary>
    public IReadOnlyCollection<RotaryEmbedding> Rotaries => rotaries.Values;

    /// <summary>Begins another layer.</summary>
    public void BeginLayer(int layer) => Layer = layer;

    /// <summary>Begins another block: the rows of the last one may be used again.</summary>
    public void BeginBlock() => scratch = 0;

    /// <summary>Rows that a block needs while it runs.</summary>
    public RowsLayout Rows(int width)
    {
        var rows = new RowsLayout(scratch, MatrixKernels.Pad(width), Kept: false);
        scratch += (long)Panel.Capacity * rows.Stride;
        mostScratch = Math.Max(mostScratch, scratch);
        return rows;
    }

    /// <summary>Rows that keep their values until the next panel.</summary>
    public RowsLayout KeptRows(int width)
    {
        var rows = new RowsLayout(kept, MatrixKernels.Pad(width), Kept: true);
        kept += (long)Panel.Capacity * rows.Stride;
        return rows;
    }

    /// <summary>Kept rows that several blocks know by a name.</summary>
    public RowsLayout SharedRows(string name, int width)
    {
        if (!shared.TryGetValue(name, out RowsLayout rows))
            shared.Add(name, rows = KeptRows(width));
        return rows;
    }

    /// <summary>Scratch that one thread needs at once.</summary>
    public void RequireThreadScratch(long floats) => threadScratch = Math.Max(threadScratch, floats);

    /// <summary>State of this block, zero before position 0; its offset in bytes.</summary>
    public long State(long bytes)
    {
        long offset = state;
        state += (bytes + StateAlignment - 1) / StateAlignment * StateAlignment;
        return offset;
    }

    /// <summary>The keys and values of a layer: this layer's own, or an earlier one's.</summary>
    public BlockedKeyValueStore KeysAndValues(AttentionBlueprint attention)
    {
        if (attention.CacheOfLayer is { } layer)
        {
            return stores.TryGetValue(layer, out BlockedKeyValueStore? store)
                ? store
                : throw new InvalidOperationException($"Layer {Layer} reads keys and values of layer {layer}, which has none.");
        }

        var own = new BlockedKeyValueStore(
            Panel, State(attention.StateBytes(Positions, CacheType)), attention.KeyValueHeadCount, attention.KeyLength, attention.ValueLength, Positions, CacheType);
        stores[Layer] = own;
        return own;
    }

    /// <summary>A rotary embedding; those that are alike are one and compute their angles once a panel.</summary>
    public RotaryEmbedding? Rotary(RotaryBlueprint? rotary)
    {
        if (rotary is null)
            return null;
        if (!rotaries.TryGetValue(rotary, out RotaryEmbedding? embedding))
        {
            string? tensor = rotary.LongFactorsTensor is { } longer && Positions > rotary.OriginalContext ? longer : rotary.FactorsTensor;
            float* factors = tensor is null ? null : (float*)weights.RotaryFactors[tensor];
            rotaries.Add(rotary, embedding = new RotaryEmbedding(rotary, factors, Panel, KeptRows(rotary.Dimensions)));
        }

        return embedding;
    }

    /// <summary>What was asked for, without the logits.</summary>
    /// <param name="workers">Threads that compute.</param>
    public SessionMemory Memory(int workers) => new()
    {
        Positions = Positions,
        PanelTokens = Panel.Capacity,
        StateBytes = state,
        ActivationBytes = sizeof(float) * (kept + mostScratch),
        ThreadBytes = sizeof(float) * workers * Panel.FloatsOfThread(threadScratch),
        IntegerBytes = LargestIntegers(),
    };

    /// <summary>Reserves what was asked for.</summary>
    /// <param name="memory">What <see cref="Memory"/> said.</param>
    public void Reserve(SessionMemory memory) => Panel.Reserve(memory, kept, threadScratch);

    // Of the widest input, a row a token and, of experts, a row for each one that a token goes to.
    private long LargestIntegers()
    {
        int chosen = Math.Max(1, Blueprint.Layers.SelectMany(l => l.Blocks).OfType<ExpertsBlueprint>().Select(e => e.Used).DefaultIfEmpty().Max());
        return weights.Matrices
            .Where(m => m.Kernel.InputBlock > 0)
            .Select(m => (long)Panel.Capacity * chosen * Kernels.Integer.IntegerRow.Bytes(m.Columns, m.Kernel.InputBlock, m.Kernel.InputWords))
            .DefaultIfEmpty()
            .Max();
    }
}
