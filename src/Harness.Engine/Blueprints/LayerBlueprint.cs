using System.Collections.Immutable;

namespace Harness.Engine.Blueprints;

/// <summary>One layer: branches, each added to the residual stream before the next one reads it.</summary>
/// <param name="Branches">First to last. Usually attention, then the feed-forward.</param>
public sealed record LayerBlueprint(ImmutableArray<BranchBlueprint> Branches)
{
    /// <summary>The number of the layer's tensors, <c>blk.N.</c>; null for the layer's own index.</summary>
    public int? TensorIndex { get; init; }

    /// <summary>After its branches the layer multiplies the residual stream by this.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>After its branches the layer multiplies the residual stream by the one value of this tensor of the layer.</summary>
    public string? ScaleTensor { get; init; }

    /// <summary>
    /// After all that the residual stream is replaced by its norm; the tensor is one of the model, not of the layer. Null
    /// for none.
    /// </summary>
    public NormBlueprint? FinalNorm { get; init; }

    /// <summary>What the layer does with streams beside the residual stream; null where there are none.</summary>
    public AltUpBlueprint? AltUp { get; init; }

    /// <summary>Before its branches the residual stream is replaced by the sum of the high and the low stream.</summary>
    public bool JoinsStreams { get; init; }

    /// <summary>After all that the residual stream is kept as this one; null where it just goes on.</summary>
    public ReasoningStream? Keeps { get; init; }

    /// <summary>The blocks of all branches.</summary>
    public IEnumerable<BlockBlueprint> Blocks => Branches.SelectMany(b => b.Blocks);

    /// <summary>The usual layer: each block is a branch of its own.</summary>
    /// <param name="blocks">The blocks, first to last.</param>
    /// <returns>The layer.</returns>
    public static LayerBlueprint Sequential(params ReadOnlySpan<BlockBlueprint> blocks)
    {
        var branches = ImmutableArray.CreateBuilder<BranchBlueprint>(blocks.Length);
        foreach (BlockBlueprint block in blocks)
            branches.Add(new BranchBlueprint(block));
        return new LayerBlueprint(branches.MoveToImmutable());
    }

    /// <summary>A layer whose blocks all read the residual stream as the layer found it (GPT-J, GPT-NeoX, PaLM).</summary>
    /// <param name="blocks">The blocks, summed in this order.</param>
    /// <returns>The layer.</returns>
    public static LayerBlueprint Parallel(params ReadOnlySpan<BlockBlueprint> blocks) => new([new BranchBlueprint([.. blocks])]);
}

/// <summary>The two streams of a hierarchical reasoning model (Wang et al., 2025), which stacks of layers renew by turns.</summary>
public enum ReasoningStream
{
    /// <summary>The slow one: the embedding at first, the model's result at last.</summary>
    High,

    /// <summary>The fast one: a learned vector at first.</summary>
    Low,
}

/// <summary>What a branch reads.</summary>
public enum BranchInput
{
    /// <summary>The residual stream as earlier branches left it.</summary>
    Residual,

    /// <summary>The residual stream as the layer found it.</summary>
    LayerInput,

    /// <summary>The residual stream as the first layer found it.</summary>
    Embedding,
}

/// <summary>A branch off the residual stream: <c>residual += scale × postNorm(Σ yieldNorm(block(norm(input))))</c>.</summary>
/// <param name="Blocks">The blocks that are summed; each states its own norm.</param>
public sealed record BranchBlueprint(ImmutableArray<BlockBlueprint> Blocks)
{
    /// <summary>A branch of one block.</summary>
    /// <param name="block">The block.</param>
    public BranchBlueprint(BlockBlueprint block)
        : this([block])
    {
    }

    /// <summary>What the blocks read.</summary>
    public BranchInput Input { get; init; }

    /// <summary>Normalises the sum.</summary>
    public NormBlueprint? PostNorm { get; init; }

    /// <summary>Multiplies the residual stream after the branch has been added.</summary>
    public float StreamScale { get; init; } = 1;

    /// <summary>Multiplies what is added to the residual stream.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>
    /// What the branch adds to is not the residual stream but this times the norm its block reads, which takes the
    /// stream's place; 0 for the stream itself.
    /// </summary>
    public float NormedResidual { get; init; }

    /// <summary>Multiplies what is added by the one value of this tensor of the layer.</summary>
    public string? ScaleTensor { get; init; }

    /// <summary>How the branch reads and writes several residual streams; null where there is one.</summary>
    public HyperConnectionBlueprint? HyperConnection { get; init; }
}

/// <summary>One block of a layer: attention, feed-forward, a recurrent mixer.</summary>
public abstract record BlockBlueprint
{
    /// <summary>Normalises what the block reads; null where it reads the stream itself.</summary>
    public NormBlueprint? Norm { get; init; }

    /// <summary>
    /// Normalises what the block yields before it is added to what the branch's other blocks yield; null where it is not.
    /// For a branch of one block there is <see cref="BranchBlueprint.PostNorm"/>.
    /// </summary>
    public NormBlueprint? YieldNorm { get; init; }

    /// <summary>The block's state cannot be taken back to an earlier position.</summary>
    public virtual bool Recurrent => false;

    /// <summary>Bytes a session keeps for this block: keys and values of all positions, or a recurrent state.</summary>
    /// <param name="positions">Positions of the context.</param>
    /// <param name="cacheType">How keys and values are stored.</param>
    /// <returns>Bytes.</returns>
    public virtual long StateBytes(int positions, KvCacheType cacheType) => 0;

    /// <summary>It reads, beside its input, the residual stream as the layer found it.</summary>
    internal virtual bool ReadsLayerInput => false;

    /// <summary>It reads, beside its input, the residual stream as the first layer found it.</summary>
    internal virtual bool ReadsEmbedding => false;

    /// <summary>The rotary embeddings it uses.</summary>
    internal virtual IEnumerable<RotaryBlueprint> Rotaries => [];

    /// <summary>Says what the block is.</summary>
    internal abstract void Describe(FeatureList features);

    /// <summary>Finds the block's tensors.</summary>
    internal abstract Weights.BlockWeights Bind(Weights.LayerBinder binder);
}
