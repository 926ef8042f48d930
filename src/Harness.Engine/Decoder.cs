using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine;

/// <summary>
/// The forward pass of any <see cref="Blueprint"/>: tokens in, residual stream through the layers, logits out.
/// </summary>
internal sealed unsafe class Decoder : IDisposable
{
    // Enough to use the output matrix well, little enough to hold for the largest vocabularies.
    private const int LargestLogitRows = 8;

    // Values of a logit row that are one item of parallel work.
    private const int LogitsPerItem = 8192;

    private readonly Blueprint blueprint;
    private readonly ModelWeights weights;
    private readonly ComputePool pool;
    private readonly Panel panel;
    private readonly MatrixWork matrices;
    private readonly IPrimitives primitives;
    private readonly RotaryEmbedding[] rotaries;
    private readonly RowsLayout residual;
    private readonly RowsLayout embedded;
    private readonly RowsLayout normed;
    private readonly RowsLayout highStream;
    private readonly RowsLayout lowStream;
    private readonly bool keepsEmbedding;
    private readonly bool readsStoredTable;
    private readonly HyperConnection? hyperHead;
    private readonly RowsLayout hyperStreams;
    private readonly Layer[] layers;
    private readonly AltUpStreams? streams;
    private readonly BlockContext context;
    private readonly ParallelBody embed;
    private readonly ParallelBody finishLogits;

    private NativeBuffer? logits;

    // The logits at hand, for the last step.
    private float* row;
    private int rows;

    /// <summary>Lays out all memory; there is none before <see cref="Reserve"/>. No weight is read.</summary>
    public Decoder(Blueprint blueprint, ModelWeights weights, ComputePool pool, int positions, KvCacheType cacheType)
    {
        this.blueprint = blueprint;
        this.weights = weights;
        this.pool = pool;

        // What sees later tokens must have them in one panel.
        bool bidirectional = blueprint.Layers.Any(l => l.Blocks.OfType<AttentionBlueprint>().Any(a => a.Bidirectional));
        context = new BlockContext(
            blueprint, weights, pool, positions, cacheType, bidirectional ? positions : Math.Min(PanelTokens, positions));
        panel = context.Panel;
        matrices = context.Matrices;
        primitives = context.Primitives;
        int width = blueprint.EmbeddingLength;
        residual = context.SharedRows(BlockContext.Residual, width);
        normed = context.KeptRows(width);
        readsStoredTable = weights.Multiplied.Contains(weights.TokenEmbedding) && weights.TokenEmbedding.Packed is null;
        keepsEmbedding = blueprint.Layers.Any(l => l.Branches.Any(b => b.Input == BranchInput.Embedding) || l.Blocks.Any(b => b.ReadsEmbedding) || l.AltUp is not null);
        embedded = keepsEmbedding ? context.SharedRows(BlockContext.Embedding, width) : default;
        if (weights.LowStream is not null)
        {
            highStream = context.SharedRows(BlockContext.HighStream, width);
            lowStream = context.SharedRows(BlockContext.LowStream, width);
        }

        streams = weights.AltUp is { } altUp ? new AltUpStreams(altUp, residual, context) : null;
        if (weights.HyperHead is { } head)
        {
            hyperStreams = HyperConnection.StreamsOf(context, head.Blueprint.Streams);
            hyperHead = new HyperConnection(head, residual, context);
        }

        layers = new Layer[weights.Layers.Length];
        for (int i = 0; i < layers.Length; i++)
        {
            context.BeginLayer(i);
            layers[i] = new Layer(blueprint.Layers[i], weights.Layers[i], residual, embedded, context);
        }

        if (weights.PositionEmbedding is not null)
            context.RequireThreadScratch(MatrixKernels.Pad(width));
        rotaries = [.. context.Rotaries];
        LogitRows = Math.Min(panel.Capacity, LargestLogitRows);
        embed = Embed;
        finishLogits = FinishLogits;
    }

    /// <summary>Tokens evaluated together; a longer prompt goes through in panels.</summary>
    public static int PanelTokens => 128;

    /// <summary>Tokens of one panel.</summary>
    public int Capacity => panel.Capacity;

    /// <summary>Rows in <see cref="Logits"/>.</summary>
    public int LogitRows { get; }

    /// <summary>Room for the logits of <see cref="LogitRows"/> positions, of vocabulary length each.</summary>
    public float* Logits => logits!.As<float>();

    /// <summary>Bytes reserved so far.</summary>
    public long Reserved => panel.Bytes + (logits?.Bytes ?? 0);

    /// <summary>What <see cref="Reserve"/> takes.</summary>
    /// <param name="workers">Threads that compute.</param>
    public SessionMemory Memory(int workers) =>
        context.Memory(workers) with { LogitBytes = (long)sizeof(float) * LogitRows * blueprint.VocabularySize };

    /// <summary>Reserves the memory; it becomes resident as it is used.</summary>
    /// <exception cref="OutOfMemoryException">The system refused it.</exception>
    public void Reserve()
    {
        SessionMemory memory = Memory(pool.Workers);
        context.Reserve(memory);
        try
        {
            logits = NativeBuffer.Allocate(memory.LogitBytes);
        }
        catch
        {
            panel.Dispose();
            throw;
        }
    }

    /// <summary>Runs a panel through all layers; what blocks keep of it joins their state.</summary>
    /// <param name="ids">Token ids, at most <see cref="Capacity"/>, each in the vocabulary.</param>
    /// <param name="position">The first one's position.</param>
    public void Forward(ReadOnlySpan<int> ids, int position)
    {
        if (position == 0)
        {
            foreach (Layer layer in layers)
                layer.StartOver();
        }

        panel.Fill(ids, position);
        pool.Run(panel.Tokens, embed);
        streams?.Begin();
        foreach (Layer layer in layers)
            layer.Run();
        streams?.End();
        hyperHead?.Read();
    }

    /// <summary>Computes logits of some tokens of the panel just run.</summary>
    /// <param name="first">The first token's index in the panel.</param>
    /// <param name="count">How many.</param>
    /// <param name="output">Receives count × vocabulary.</param>
    public void Head(int first, int count, float* output)
    {
        PanelRows stream = panel.Rows(residual);
        PanelRows inputs = panel.Rows(normed);
        for (int token = first; token < first + count; token++)
            weights.OutputNorm.Apply(primitives, stream[token], inputs[token]);

        matrices.Add(weights.Output, inputs[first], inputs.Stride, output, blueprint.VocabularySize, count);
        matrices.Run();
        int padding = blueprint.VocabularySize - Math.Min(blueprint.VocabularySize, blueprint.TokensPredicted);
        for (int i = 0; padding > 0 && i < count; i++)
            new Span<float>(output + ((long)(i + 1) * blueprint.VocabularySize) - padding, padding).Fill(float.NegativeInfinity);
        if (blueprint.LogitScale != 1 || blueprint.LogitSoftCap > 0)
        {
            row = output;
            rows = count;
            pool.Run((int)((((long)count * blueprint.VocabularySize) + LogitsPerItem - 1) / LogitsPerItem), finishLogits);
        }
    }

    public void Dispose()
    {
        panel.Dispose();
        logits?.Dispose();
    }

    // The system maps a stored row's neighbours with it, up to a large page either way: random rows would soon hold all of the
    // table in memory.
    private static void ForgetRow(WeightMatrix table, int row)
    {
        long at = row * table.RowBytes;
        long first = Math.Max(0, at - SystemMemory.LargePage);
        long end = Math.Min(table.Rows * table.RowBytes, at + table.RowBytes + SystemMemory.LargePage);
        SystemMemory.Forget(table.Data + first, end - first);
    }

    private void Embed(int token, int worker)
    {
        float* stream = panel.Rows(residual)[token];
        int width = blueprint.EmbeddingLength;
        Unpack(weights.TokenEmbedding, panel.Ids[token], stream);
        if (!readsStoredTable)
            ForgetRow(weights.TokenEmbedding, panel.Ids[token]);
        if (blueprint.Embedding.Scale != 1)
        {
            for (int i = 0; i < width; i++)
                stream[i] *= blueprint.Embedding.Scale;
        }

        if (weights.PositionEmbedding is { } positions)
        {
            float* addend = panel.ThreadScratch(worker);
            Unpack(positions, panel.Start + token, addend);
            primitives.Add(stream, addend, width);
        }

        weights.EmbeddingNorm?.Apply(primitives, stream, stream);
        if (keepsEmbedding)
            Copy(stream, panel.Rows(embedded)[token]);
        if (weights.LowStream is not null)
        {
            Copy(stream, panel.Rows(highStream)[token]);
            Copy(weights.LowStream, panel.Rows(lowStream)[token]);
        }

        for (int i = 0; hyperHead is not null && i < blueprint.HyperHead!.Streams; i++)
            Copy(stream, panel.Rows(hyperStreams)[token] + ((long)i * width));
        foreach (RotaryEmbedding rotary in rotaries)
            rotary.FillTable(token);
    }

    private void Copy(float* source, float* destination) =>
        new ReadOnlySpan<float>(source, blueprint.EmbeddingLength).CopyTo(new Span<float>(destination, blueprint.EmbeddingLength));

    private static void Unpack(WeightMatrix table, int index, float* destination) =>
        table.Kernel.UnpackRow(table.Data + (index * table.RowBytes), table.Columns, destination);

    private void FinishLogits(int item, int worker)
    {
        long start = (long)item * LogitsPerItem;
        long end = Math.Min(start + LogitsPerItem, (long)rows * blueprint.VocabularySize);
        float cap = blueprint.LogitSoftCap;
        for (long i = start; i < end; i++)
        {
            float value = row[i] * blueprint.LogitScale;
            row[i] = cap > 0 ? cap * MathF.Tanh(value / cap) : value;
        }
    }
}
