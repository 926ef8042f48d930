using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine;

/// <summary>
/// The forward pass of any <see cref="Blueprint"/>: tokens in, residual stream through the layers, logits out. Reads
/// top to bottom; what each step costs is in the kernels.
/// </summary>
internal sealed unsafe class Decoder
{
    private readonly Blueprint blueprint;
    private readonly ModelWeights weights;
    private readonly ComputePool pool;
    private readonly KvCache cache;
    private readonly RunState state;
    private readonly RotaryEmbedding rotary;
    private readonly IPrimitives primitives = Primitives.Preferred;
    private readonly MatrixWork projections;
    private readonly ParallelBody embed;
    private readonly ParallelBody normForAttention;
    private readonly ParallelBody splitFusedQkv;
    private readonly ParallelBody rotateAndStore;
    private readonly ParallelBody attend;
    private readonly ParallelBody normForFeedForward;
    private readonly ParallelBody activate;

    private readonly int embedding;
    private readonly int embeddingStride;

    // The panel and the layer at hand, for the steps above.
    private readonly int[] panelIds;
    private int panelStart;
    private int tokens;
    private int layer;

    public Decoder(Blueprint blueprint, ModelWeights weights, ComputePool pool, KvCache cache, RunState state, RotaryEmbedding rotary)
    {
        this.blueprint = blueprint;
        this.weights = weights;
        this.pool = pool;
        this.cache = cache;
        this.state = state;
        this.rotary = rotary;
        projections = new MatrixWork(pool, state);
        embedding = blueprint.EmbeddingLength;
        embeddingStride = MatrixKernels.Pad(embedding);
        panelIds = new int[state.Panel];
        embed = Embed;
        normForAttention = (token, _) => Norm(token, weights.Layers[layer].AttentionNorm);
        splitFusedQkv = SplitFusedQkv;
        rotateAndStore = RotateAndStore;
        attend = Attend;
        normForFeedForward = (token, _) => Norm(token, weights.Layers[layer].FeedForwardNorm);
        activate = Activate;
    }

    private AttentionBlueprint Attention => blueprint.Layers[layer].Attention;

    private FeedForwardBlueprint FeedForward => blueprint.Layers[layer].FeedForward;

    /// <summary>Runs a panel through all layers; its keys and values join the cache.</summary>
    /// <param name="ids">Token ids, at most <see cref="RunState.Panel"/>, each in the vocabulary.</param>
    /// <param name="position">The first one's position.</param>
    public void Forward(ReadOnlySpan<int> ids, int position)
    {
        ids.CopyTo(panelIds);
        tokens = ids.Length;
        panelStart = position;
        pool.Run(tokens, embed);

        for (layer = 0; layer < weights.Layers.Length; layer++)
        {
            pool.Run(tokens, normForAttention);
            ProjectQkv(weights.Layers[layer]);
            pool.Run(tokens, rotateAndStore);
            pool.Run(tokens * Attention.KeyValueHeadCount, attend);
            AddToResidual(weights.Layers[layer].AttentionOutput, state.Attended, Attention.OutputWidth);

            pool.Run(tokens, normForFeedForward);
            ProjectGateAndUp(weights.Layers[layer]);
            pool.Run(tokens, activate);
            AddToResidual(weights.Layers[layer].Down, state.Gate, FeedForward.Length);
        }
    }

    /// <summary>Computes logits of some tokens of the panel just run.</summary>
    /// <param name="first">The first token's index in the panel.</param>
    /// <param name="count">How many.</param>
    /// <param name="logits">Receives count × vocabulary.</param>
    public void Head(int first, int count, float* logits)
    {
        for (int token = first; token < first + count; token++)
            Norm(token, weights.OutputNorm);

        float* inputs = state.Normed + ((long)first * embeddingStride);
        projections.Add(weights.Output, inputs, embeddingStride, logits, blueprint.VocabularySize, count);
        projections.Run();
    }

    private void Embed(int token, int worker)
    {
        WeightMatrix table = weights.TokenEmbedding;
        byte* row = table.Data + (panelIds[token] * table.RowBytes);
        table.Kernel.UnpackRow(row, embedding, state.Residual + ((long)token * embeddingStride));
        rotary.FillTable(panelStart + token, RotaryTable(token));
    }

    private void Norm(int token, float* weight) => primitives.RmsNorm(
        state.Residual + ((long)token * embeddingStride),
        weight,
        state.Normed + ((long)token * embeddingStride),
        embedding,
        blueprint.Norm.Epsilon);

    private void ProjectQkv(LayerWeights layerWeights)
    {
        AttentionBlueprint attention = Attention;
        if (layerWeights.FusedQkv is { } fused)
        {
            projections.Add(fused, state.Normed, embeddingStride, state.FusedQkv, FusedStride(attention), tokens);
            projections.Run();
            pool.Run(tokens, splitFusedQkv);
            return;
        }

        projections.Add(layerWeights.Query!, state.Normed, embeddingStride, state.Query, QueryStride(attention), tokens);
        projections.Add(layerWeights.Key!, state.Normed, embeddingStride, state.Key, KeyStride(attention), tokens);
        projections.Add(layerWeights.Value!, state.Normed, embeddingStride, state.Value, ValueStride(attention), tokens);
        projections.Run();
    }

    private void SplitFusedQkv(int token, int worker)
    {
        AttentionBlueprint attention = Attention;
        float* fused = state.FusedQkv + ((long)token * FusedStride(attention));
        Copy(fused, attention.QueryWidth, state.Query + ((long)token * QueryStride(attention)));
        fused += attention.QueryWidth;
        Copy(fused, attention.KeyWidth, state.Key + ((long)token * KeyStride(attention)));
        fused += attention.KeyWidth;
        Copy(fused, attention.ValueWidth, state.Value + ((long)token * ValueStride(attention)));
    }

    private void RotateAndStore(int token, int worker)
    {
        AttentionBlueprint attention = Attention;
        float* table = RotaryTable(token);
        float* query = state.Query + ((long)token * QueryStride(attention));
        for (int head = 0; head < attention.HeadCount; head++)
            rotary.Rotate(query + ((long)head * attention.KeyLength), table);

        float* key = state.Key + ((long)token * KeyStride(attention));
        float* value = state.Value + ((long)token * ValueStride(attention));
        for (int head = 0; head < attention.KeyValueHeadCount; head++)
        {
            float* keyHead = key + ((long)head * attention.KeyLength);
            rotary.Rotate(keyHead, table);
            cache.Store(keyHead, attention.KeyLength, cache.Key(layer, head, panelStart + token));
            float* valueHead = value + ((long)head * attention.ValueLength);
            cache.Store(valueHead, attention.ValueLength, cache.Value(layer, head, panelStart + token));
        }
    }

    private void Attend(int item, int worker)
    {
        AttentionBlueprint attention = Attention;
        (int token, int keyValueHead) = Math.DivRem(item, attention.KeyValueHeadCount);
        GroupedQueryAttention.Attend(
            attention,
            cache,
            layer,
            keyValueHead,
            panelStart + token,
            state.Query + ((long)token * QueryStride(attention)),
            state.Attended + ((long)token * MatrixKernels.Pad(attention.OutputWidth)),
            state.Scratch(worker),
            primitives);
    }

    private void ProjectGateAndUp(LayerWeights layerWeights)
    {
        int stride = MatrixKernels.Pad(FeedForward.Length);
        projections.Add(layerWeights.Gate, state.Normed, embeddingStride, state.Gate, stride, tokens);
        projections.Add(layerWeights.Up, state.Normed, embeddingStride, state.Up, stride, tokens);
        projections.Run();
    }

    private void Activate(int token, int worker)
    {
        long row = (long)token * MatrixKernels.Pad(FeedForward.Length);
        primitives.SiluMultiply(state.Gate + row, state.Up + row, FeedForward.Length);
    }

    private void AddToResidual(Projection projection, float* inputs, int width)
    {
        projections.Add(projection, inputs, MatrixKernels.Pad(width), state.Residual, embeddingStride, tokens, accumulate: true);
        projections.Run();
    }

    private float* RotaryTable(int token) => state.RotaryTable + ((long)token * MatrixKernels.Pad(rotary.TableLength));

    private static int QueryStride(AttentionBlueprint attention) => MatrixKernels.Pad(attention.QueryWidth);

    private static int KeyStride(AttentionBlueprint attention) => MatrixKernels.Pad(attention.KeyWidth);

    private static int ValueStride(AttentionBlueprint attention) => MatrixKernels.Pad(attention.ValueWidth);

    private static int FusedStride(AttentionBlueprint attention) =>
        MatrixKernels.Pad(attention.QueryWidth + attention.KeyWidth + attention.ValueWidth);

    private static void Copy(float* source, int length, float* destination) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
}
