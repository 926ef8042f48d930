using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// Computes a <see cref="LatentAttentionBlueprint"/>: brings queries, keys and values into the form that
/// <see cref="GroupedQueryAttention"/> knows. Absorbed, that is one key/value head of the latent vector and the rotated
/// key, whose value is the beginning of the key.
/// </summary>
internal sealed unsafe class LatentAttentionBlock : Block
{
    // Heads that go over the latent vectors together: enough to use each row well, few enough to keep all threads busy.
    private const int HeadsTogether = 16;

    private readonly LatentAttentionBlueprint blueprint;
    private readonly LatentAttentionWeights weights;
    private readonly RotaryEmbedding? rotary;
    private readonly KeyValueStore store;
    private readonly GroupedQueryAttention attention;
    private readonly MatrixWork heads;
    private readonly int groups;
    private readonly int plainStride;
    private readonly PositionIndexer? indexer;
    private readonly RowsLayout gate;
    private readonly RowsLayout queryLatent;
    private readonly RowsLayout projected;
    private readonly RowsLayout plain;
    private readonly RowsLayout query;
    private readonly RowsLayout latentAndRotated;
    private readonly RowsLayout latent;
    private readonly RowsLayout keyValue;
    private readonly RowsLayout attended;
    private readonly RowsLayout values;
    private readonly ParallelBody normQuery;
    private readonly ParallelBody prepare;
    private readonly ParallelBody keep;
    private readonly ParallelBody choose;
    private readonly ParallelBody attend;
    private readonly ParallelBody multiply;

    public LatentAttentionBlock(LatentAttentionWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        rotary = context.Rotary(blueprint.Rotary);
        int count = blueprint.HeadCount;
        int keyLength = blueprint.Absorbed ? blueprint.LatentRank + blueprint.RotatedLength : blueprint.KeyLength;
        int valueLength = blueprint.Absorbed ? blueprint.LatentRank : blueprint.ValueLength;
        long state = context.State(blueprint.KeyBytes(context.Positions, context.CacheType));
        store = new KeyValueStore(
            Panel, state, count, keyLength, valueLength, context.Positions, context.CacheType, oneRowForAll: blueprint.Absorbed);

        // Absorbed, all heads share the rows; how many go over them together changes no sum.
        groups = count;
        for (int g = 1; blueprint.Absorbed && g < count; g++)
        {
            if (count % g == 0 && count / g <= HeadsTogether)
            {
                groups = g;
                break;
            }
        }

        var shape = new AttentionBlueprint
        {
            HeadCount = count,
            KeyValueHeadCount = groups,
            KeyLength = keyLength,
            ValueLength = valueLength,
            Scale = blueprint.Scale,
            Window = blueprint.Window,
        };
        attention = new GroupedQueryAttention(shape, store, weights.Sinks, Primitives);
        context.RequireThreadScratch(attention.ScratchFloats(context.Positions));
        heads = new MatrixWork(Pool, Panel, count);

        if (blueprint.Indexer is { } choices)
            indexer = new PositionIndexer(choices, weights.Indexer, context);
        if (blueprint.Gate is { } gates)
            gate = context.Rows(gates.PerHead ? count : count * blueprint.ValueLength);
        if (blueprint.QueryRank > 0)
            queryLatent = context.Rows(blueprint.QueryRank);
        projected = context.Rows(count * blueprint.KeyLength);
        latentAndRotated = context.Rows(blueprint.LatentRank + blueprint.RotatedLength);
        latent = context.Rows(blueprint.LatentRank);
        plainStride = MatrixKernels.Pad(blueprint.PlainLength);
        if (blueprint.Absorbed)
        {
            plain = context.Rows(count * plainStride);
            query = context.Rows(count * keyLength);
            values = context.Rows(count * blueprint.ValueLength);
        }
        else
        {
            keyValue = context.Rows(count * (blueprint.PlainLength + blueprint.ValueLength));
        }

        attended = context.Rows(count * valueLength);
        normQuery = (token, _) => weights.QueryNorm!.Apply(Primitives, Panel.Rows(queryLatent)[token], Panel.Rows(queryLatent)[token]);
        prepare = Prepare;
        keep = Keep;
        choose = Choose;
        attend = Attend;
        multiply = Multiply;
    }

    protected override void Run()
    {
        Project(Matrices, weights.LatentDown, Input, Panel.Rows(latentAndRotated));
        if (weights.Gate is { } gates)
            Project(Matrices, gates, Input, Panel.Rows(gate));
        if (weights.QueryDown is { } down)
        {
            Project(Matrices, down, Input, Panel.Rows(queryLatent));
            Matrices.Run();
            Pool.Run(Panel.Tokens, normQuery);
            Project(Matrices, weights.Query, Panel.Rows(queryLatent), Panel.Rows(projected));
            indexer?.Project(Matrices, Input, Panel.Rows(queryLatent));
        }
        else
        {
            Project(Matrices, weights.Query, Input, Panel.Rows(projected));
        }

        Matrices.Run();
        Pool.Run(Panel.Tokens, prepare);
        if (blueprint.Absorbed)
        {
            Each(weights.Key!, Panel.Rows(plain), plainStride, Panel.Rows(query), blueprint.LatentRank + blueprint.RotatedLength);
        }
        else
        {
            Project(Matrices, weights.KeyValue!, Panel.Rows(latent), Panel.Rows(keyValue));
            Matrices.Run();
        }

        Pool.Run(Panel.Tokens, keep);
        if (weights.Indexer is not null)
            Pool.Run(Panel.Tokens, choose);
        Pool.Run(Panel.Tokens * groups, attend);
        if (blueprint.Absorbed)
            Each(weights.Value!, Panel.Rows(attended), blueprint.LatentRank, Panel.Rows(values), blueprint.ValueLength);
        if (weights.Gate is not null)
            Pool.Run(Panel.Tokens, multiply);
        ProjectToOutput(weights.Output, Yielded);
    }

    /// <summary>What the heads yield.</summary>
    private PanelRows Yielded => Panel.Rows(blueprint.Absorbed ? values : attended);

    /// <summary>Norms the latent vector, rotates, and parts queries.</summary>
    private void Prepare(int token, int worker)
    {
        float* both = Panel.Rows(latentAndRotated)[token];
        weights.LatentNorm.Apply(Primitives, both, Panel.Rows(latent)[token]);
        weights.KeyNorm?.Apply(Primitives, both + blueprint.LatentRank, both + blueprint.LatentRank);
        rotary?.Rotate(both + blueprint.LatentRank, token);
        indexer?.Prepare(token);

        float* queries = Panel.Rows(projected)[token];
        int plainLength = blueprint.PlainLength;
        for (int head = 0; head < blueprint.HeadCount; head++)
        {
            float* source = queries + ((long)head * blueprint.KeyLength);
            rotary?.Rotate(source + plainLength, token);
            if (!blueprint.Absorbed)
                continue;
            Copy(source, plainLength, Panel.Rows(plain)[token] + ((long)head * plainStride));
            int stride = blueprint.LatentRank + blueprint.RotatedLength;
            Copy(source + plainLength, blueprint.RotatedLength, Panel.Rows(query)[token] + ((long)head * stride) + blueprint.LatentRank);
        }
    }

    private void Keep(int token, int worker)
    {
        int position = Panel.Start + token;
        float* latentRow = Panel.Rows(latent)[token];
        float* rotated = Panel.Rows(latentAndRotated)[token] + blueprint.LatentRank;
        if (blueprint.Temperature is { } temperature)
        {
            bool absorbed = blueprint.Absorbed;
            float* queries = absorbed ? Panel.Rows(query)[token] : Panel.Rows(projected)[token];
            int length = blueprint.HeadCount * (absorbed ? blueprint.LatentRank + blueprint.RotatedLength : blueprint.KeyLength);
            temperature.Apply(queries, length, position);
        }

        float* key = Panel.ThreadScratch(worker);
        if (blueprint.Absorbed)
        {
            Copy(latentRow, blueprint.LatentRank, key);
            Copy(rotated, blueprint.RotatedLength, key + blueprint.LatentRank);
            store.StoreKey(key, 0, position);
            return;
        }

        for (int head = 0; head < blueprint.HeadCount; head++)
        {
            float* made = Panel.Rows(keyValue)[token] + ((long)head * (blueprint.PlainLength + blueprint.ValueLength));
            Copy(made, blueprint.PlainLength, key);
            Copy(rotated, blueprint.RotatedLength, key + blueprint.PlainLength);
            store.StoreKey(key, head, position);
            store.StoreValue(made + blueprint.PlainLength, head, position);
        }
    }

    private void Attend(int item, int worker)
    {
        (int token, int group) = Math.DivRem(item, groups);
        int position = Panel.Start + token;
        float* queries = blueprint.Absorbed ? Panel.Rows(query)[token] : Panel.Rows(projected)[token];
        attention.Attend(group, position, position, queries, Panel.Rows(attended)[token], Panel.ThreadScratch(worker), indexer is null ? null : indexer.Chosen(token));
    }

    private void Choose(int token, int worker) => indexer!.Choose(token, Panel.ThreadScratch(worker));

    private void Multiply(int token, int worker)
    {
        AttentionGate choice = blueprint.Gate!;
        float* gates = Panel.Rows(gate)[token];
        int count = choice.PerHead ? blueprint.HeadCount : blueprint.HeadCount * blueprint.ValueLength;
        Primitives.Activate(choice.Activation, gates, null, count);
        int length = blueprint.HeadCount * blueprint.ValueLength / count;
        float* heads = Yielded[token];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < length; j++)
                heads[((long)i * length) + j] *= gates[i];
        }
    }

    /// <summary>A matrix of its own for each head of each token.</summary>
    private void Each(Projection[] projections, PanelRows inputs, int inputLength, PanelRows outputs, int outputLength)
    {
        for (int head = 0; head < projections.Length; head++)
        {
            heads.Add(
                projections[head],
                inputs.Start + ((long)head * inputLength),
                inputs.Stride,
                outputs.Start + ((long)head * outputLength),
                outputs.Stride,
                Panel.Tokens);
        }

        heads.Run();
    }

    private static void Copy(float* source, int length, float* destination) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
}
