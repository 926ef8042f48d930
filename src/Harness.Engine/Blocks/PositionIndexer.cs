using Harness.Engine.Blueprints;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="IndexerBlueprint"/>: for each token, a bit for each position that it sees.</summary>
internal sealed unsafe class PositionIndexer
{
    private const int BitsOfRow = 32;

    private readonly IndexerBlueprint blueprint;
    private readonly IndexerWeights? weights;
    private readonly Panel panel;
    private readonly IPrimitives primitives;
    private readonly RotaryEmbedding? rotary;
    private readonly KeyValueStore? keys;
    private readonly int keyStride;
    private readonly RowsLayout query;
    private readonly RowsLayout padded;
    private readonly RowsLayout key;
    private readonly RowsLayout headWeights;
    private readonly RowsLayout chosen;

    /// <param name="blueprint">The choices.</param>
    /// <param name="weights">Its tensors; null where it sees what an earlier layer chose.</param>
    /// <param name="context">The session.</param>
    public PositionIndexer(IndexerBlueprint blueprint, IndexerWeights? weights, BlockContext context)
    {
        this.blueprint = blueprint;
        this.weights = weights;
        panel = context.Panel;
        primitives = context.Primitives;
        chosen = context.SharedRows("positions seen", (context.Positions + BitsOfRow - 1) / BitsOfRow);
        if (weights is null)
            return;

        rotary = context.Rotary(blueprint.Rotary);
        long state = context.State(BytesFor(blueprint, context.Positions, context.CacheType));
        keys = new KeyValueStore(panel, state, 1, blueprint.KeyLength, 0, context.Positions, context.CacheType, oneRowForAll: true);
        keyStride = MatrixKernels.Pad(blueprint.KeyLength);
        query = context.Rows(blueprint.HeadCount * blueprint.KeyLength);
        padded = context.Rows(blueprint.HeadCount * keyStride);
        key = context.Rows(blueprint.KeyLength);
        headWeights = context.Rows(blueprint.HeadCount);
        context.RequireThreadScratch((2L * MatrixKernels.Pad(context.Positions)) + keyStride);
    }

    /// <summary>Bytes of the keys of all positions.</summary>
    public static long BytesFor(IndexerBlueprint blueprint, int positions, KvCacheType type) =>
        blueprint.Shared ? 0 : KeyValueStore.BytesFor(1, blueprint.KeyLength, 0, positions, type);

    /// <summary>Adds its projections to the work at hand.</summary>
    /// <param name="work">The work.</param>
    /// <param name="input">What attention reads.</param>
    /// <param name="queryLatent">What queries come from.</param>
    public void Project(MatrixWork work, PanelRows input, PanelRows queryLatent)
    {
        if (weights is null)
            return;
        Add(work, weights.Query, queryLatent, panel.Rows(query));
        Add(work, weights.Key, input, panel.Rows(key));
        Add(work, weights.HeadWeights, input, panel.Rows(headWeights));
    }

    /// <summary>Norms, rotates and keeps a token's key, and rotates its queries.</summary>
    public void Prepare(int token)
    {
        if (weights is null)
            return;
        float* own = panel.Rows(key)[token];
        weights.KeyNorm.Apply(primitives, own, own);
        int rotated = blueprint.RotatesEnd ? blueprint.KeyLength - blueprint.Rotary.Dimensions : 0;
        rotary!.Rotate(own + rotated, token);
        keys!.StoreKey(own, 0, panel.Start + token);
        float* source = panel.Rows(query)[token];
        float* target = panel.Rows(padded)[token];
        for (int head = 0; head < blueprint.HeadCount; head++, source += blueprint.KeyLength, target += keyStride)
        {
            rotary.Rotate(source + rotated, token);
            new ReadOnlySpan<float>(source, blueprint.KeyLength).CopyTo(new Span<float>(target, blueprint.KeyLength));
            new Span<float>(target + blueprint.KeyLength, keyStride - blueprint.KeyLength).Clear();
        }
    }

    /// <summary>Chooses what a token sees; all keys up to its own must be kept.</summary>
    public void Choose(int token, float* scratch)
    {
        if (weights is null)
            return;
        int positions = panel.Start + token + 1;
        var bits = new Span<uint>(panel.Rows(chosen)[token], (positions + BitsOfRow - 1) / BitsOfRow);
        if (positions <= blueprint.Top)
        {
            bits.Fill(uint.MaxValue);
            return;
        }

        var scores = new Span<float>(scratch, positions);
        var sorted = new Span<float>(scratch + MatrixKernels.Pad(positions), positions);
        Score(token, scores, scratch + (2L * MatrixKernels.Pad(positions)));
        scores.CopyTo(sorted);
        sorted.Sort();

        // The least that is seen; of equals, the first positions are.
        float least = sorted[positions - blueprint.Top];
        int equals = blueprint.Top;
        foreach (float score in scores)
            equals -= score > least ? 1 : 0;
        bits.Clear();
        for (int p = 0; p < positions; p++)
        {
            if (scores[p] > least || (scores[p] == least && equals-- > 0))
                bits[p / BitsOfRow] |= 1u << (p % BitsOfRow);
        }
    }

    /// <summary>A bit for each position, those that a token sees set.</summary>
    public uint* Chosen(int token) => (uint*)panel.Rows(chosen)[token];

    private void Score(int token, Span<float> scores, float* unpacked)
    {
        float* queries = panel.Rows(padded)[token];
        float* weight = panel.Rows(headWeights)[token];
        for (int p = 0; p < scores.Length; p++)
        {
            float* stored = keys!.LoadKey(0, p, unpacked, primitives);
            float sum = 0;
            for (int head = 0; head < blueprint.HeadCount; head++)
                sum += weight[head] * MathF.Max(0, primitives.Dot(queries + ((long)head * keyStride), stored, keyStride));
            scores[p] = sum;
        }
    }

    private void Add(MatrixWork work, Projection projection, PanelRows input, PanelRows output) =>
        work.Add(projection, input.Start, input.Stride, output.Start, output.Stride, panel.Tokens);
}
