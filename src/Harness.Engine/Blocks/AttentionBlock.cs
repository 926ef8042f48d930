using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="AttentionBlueprint"/>.</summary>
internal sealed unsafe class AttentionBlock : Block
{
    private readonly AttentionBlueprint blueprint;
    private readonly AttentionWeights weights;
    private readonly BlockedKeyValueStore store;
    private readonly RotaryEmbedding? rotary;
    private readonly BlockedAttention attention;
    private readonly RowsLayout fusedQkv;
    private readonly RowsLayout query;
    private readonly RowsLayout key;
    private readonly RowsLayout value;
    private readonly RowsLayout gate;
    private readonly RowsLayout queryAndGate;
    private readonly RowsLayout attended;
    private readonly ParallelBody prepare;
    private readonly ParallelBody attend;
    private readonly ParallelBody finish;

    public AttentionBlock(AttentionWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        rotary = context.Rotary(blueprint.Rotary);
        store = context.KeysAndValues(blueprint);
        attention = new BlockedAttention(blueprint, store, weights.Sinks, Primitives);
        context.RequireThreadScratch(attention.ScratchFloats(context.Positions));

        query = context.Rows(blueprint.QueryWidth);
        key = context.Rows(blueprint.KeyWidth);
        value = context.Rows(blueprint.ValueWidth);
        attended = context.Rows(blueprint.OutputWidth);
        if (weights.FusedQkv is { } fused)
            fusedQkv = context.Rows(fused.Weight.Rows);
        if (blueprint.Gate is { } choice)
        {
            gate = context.Rows(choice.PerHead ? blueprint.HeadCount : blueprint.OutputWidth);
            if (choice.InQuery)
                queryAndGate = context.Rows(2 * blueprint.QueryWidth);
        }

        prepare = Prepare;
        attend = Attend;
        finish = Finish;
    }

    protected override void Run()
    {
        if (weights.FusedQkv is { } fused)
            Project(Matrices, fused, Input, Panel.Rows(fusedQkv));
        if (weights.Query is { } queries)
            Project(Matrices, queries, Input, Panel.Rows(blueprint.Gate is { InQuery: true } ? queryAndGate : query));
        if (weights.Key is { } keys)
            Project(Matrices, keys, Input, Panel.Rows(key));
        if (weights.Value is { } values)
            Project(Matrices, values, Input, Panel.Rows(value));
        if (weights.Gate is { } gates)
            Project(Matrices, gates, Input, Panel.Rows(gate));
        Matrices.Run();

        Pool.Run(((Panel.Start + Panel.Tokens - 1) / BlockedKeyValueStore.Length) - (Panel.Start / BlockedKeyValueStore.Length) + 1, prepare);
        Pool.Run((Panel.Tokens + attention.TokensTogether - 1) / attention.TokensTogether * blueprint.KeyValueHeadCount, attend);
        if (blueprint.Gate is not null || weights.SubNorm is not null)
            Pool.Run(Panel.Tokens, finish);
        ProjectToOutput(weights.Output, Panel.Rows(attended));
    }

    /// <summary>Prepares the tokens whose positions share a block of the store, so that no two threads write to one.</summary>
    private void Prepare(int block, int worker)
    {
        int first = ((Panel.Start / BlockedKeyValueStore.Length) + block) * BlockedKeyValueStore.Length;
        int end = Math.Min(Panel.Start + Panel.Tokens, first + BlockedKeyValueStore.Length);
        for (int position = Math.Max(first, Panel.Start); position < end; position++)
            Prepare(position - Panel.Start);
    }

    /// <summary>From projections to queries that can be compared and keys and values that are stored.</summary>
    private void Prepare(int token)
    {
        float* queries = Panel.Rows(query)[token];
        float* keys = Panel.Rows(key)[token];
        float* values = Panel.Rows(value)[token];
        Split(token, queries, keys, values);
        if (blueprint.Clamp > 0)
        {
            Clamp(queries, blueprint.QueryWidth);
            Clamp(keys, blueprint.KeyWidth);
            Clamp(values, blueprint.ValueWidth);
        }

        if (!blueprint.NormAfterRotary)
            NormQueryAndKey(queries, keys);
        weights.ValueNorm?.Apply(Primitives, values);
        bool own = blueprint.CacheOfLayer is null;
        if (rotary is not null)
        {
            for (int head = 0; head < blueprint.HeadCount; head++)
                rotary.Rotate(queries + ((long)head * blueprint.KeyLength), token);
            for (int head = 0; own && head < blueprint.KeyValueHeadCount; head++)
                rotary.Rotate(keys + ((long)head * blueprint.KeyLength), token);
        }

        if (blueprint.NormAfterRotary)
            NormQueryAndKey(queries, keys);

        int position = Panel.Start + token;
        blueprint.Temperature?.Apply(queries, blueprint.QueryWidth, position);
        for (int head = 0; own && head < blueprint.KeyValueHeadCount; head++)
            store.Store(keys + ((long)head * blueprint.KeyLength), values + ((long)head * blueprint.ValueLength), head, position);
    }

    private void NormQueryAndKey(float* queries, float* keys)
    {
        weights.QueryNorm?.Apply(Primitives, queries);
        weights.KeyNorm?.Apply(Primitives, keys);
    }

    private void Split(int token, float* queries, float* keys, float* values)
    {
        if (weights.FusedQkv is not null)
        {
            float* fused = Panel.Rows(fusedQkv)[token];
            Copy(fused, blueprint.QueryWidth, queries);
            Copy(fused + blueprint.QueryWidth, blueprint.KeyWidth, keys);
            Copy(fused + blueprint.QueryWidth + blueprint.KeyWidth, blueprint.ValueWidth, values);
        }

        if (blueprint.Gate is { InQuery: true })
        {
            float* pairs = Panel.Rows(queryAndGate)[token];
            float* gates = Panel.Rows(gate)[token];
            int length = blueprint.KeyLength;
            for (int head = 0; head < blueprint.HeadCount; head++)
            {
                Copy(pairs + (2L * head * length), length, queries + ((long)head * length));
                Copy(pairs + (((2L * head) + 1) * length), length, gates + ((long)head * length));
            }
        }

        if (blueprint.ValueIsKey)
            Copy(keys, blueprint.ValueWidth, values);
    }

    private void Attend(int item, int worker)
    {
        (int together, int head) = Math.DivRem(item, blueprint.KeyValueHeadCount);
        int token = together * attention.TokensTogether;
        int tokens = Math.Min(attention.TokensTogether, Panel.Tokens - token);
        PanelRows queries = Panel.Rows(query);
        PanelRows outputs = Panel.Rows(attended);
        attention.Attend(
            head,
            Panel.Start + token,
            tokens,
            blueprint.Bidirectional ? Panel.Start + Panel.Tokens - 1 : -1,
            new PanelRows(queries[token], queries.Stride),
            new PanelRows(outputs[token], outputs.Stride),
            Panel.ThreadScratch(worker));
    }

    private void Finish(int token, int worker)
    {
        float* heads = Panel.Rows(attended)[token];
        if (blueprint.Gate is { } choice)
        {
            float* gates = Panel.Rows(gate)[token];
            int count = choice.PerHead ? blueprint.HeadCount : blueprint.OutputWidth;
            Primitives.Activate(choice.Activation, gates, null, count);
            int length = blueprint.OutputWidth / count;
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < length; j++)
                    heads[((long)i * length) + j] *= gates[i];
            }
        }

        weights.SubNorm?.Apply(Primitives, heads, heads);
    }

    private void Clamp(float* values, int length)
    {
        for (int i = 0; i < length; i++)
            values[i] = Math.Clamp(values[i], -blueprint.Clamp, blueprint.Clamp);
    }

    private static void Copy(float* source, int length, float* destination) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
}
