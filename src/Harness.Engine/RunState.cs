using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine;

/// <summary>
/// All activations of a panel of tokens, in one block of native memory laid out before the first token. Row t of a
/// buffer belongs to token t of the panel; rows are as long as the layer at hand makes them, padded to 16.
/// </summary>
internal sealed unsafe class RunState : IDisposable
{
    /// <summary>Tokens evaluated together; a longer prompt goes through in panels.</summary>
    public const int PanelTokens = 128;

    // Enough to use the output matrix well, little enough to hold for the largest vocabularies.
    private const int LargestLogitRows = 8;

    private readonly NativeBuffer buffer;
    private readonly long scratchFloats;
    private readonly float* scratch;

    public RunState(Blueprint blueprint, ModelWeights weights, RotaryEmbedding rotary, int positions, int workers)
    {
        int panel = Math.Min(PanelTokens, positions);
        int embedding = MatrixKernels.Pad(blueprint.EmbeddingLength);
        int query = 0, key = 0, value = 0, fused = 0, attended = 0, feedForward = 0;
        long attentionScratch = 0;
        foreach (LayerBlueprint layer in blueprint.Layers)
        {
            AttentionBlueprint attention = layer.Attention;
            query = Math.Max(query, MatrixKernels.Pad(attention.QueryWidth));
            key = Math.Max(key, MatrixKernels.Pad(attention.KeyWidth));
            value = Math.Max(value, MatrixKernels.Pad(attention.ValueWidth));
            if (attention.FusedQkv)
                fused = Math.Max(fused, MatrixKernels.Pad(attention.QueryWidth + attention.KeyWidth + attention.ValueWidth));
            attended = Math.Max(attended, MatrixKernels.Pad(attention.OutputWidth));
            feedForward = Math.Max(feedForward, MatrixKernels.Pad(layer.FeedForward.Length));
            attentionScratch = Math.Max(attentionScratch, GroupedQueryAttention.ScratchFloats(attention, positions));
        }

        // One thread's scratch serves whichever step it is at; a cache line more keeps threads apart.
        scratchFloats = Math.Max(attentionScratch, LargestMatrixScratch(weights, panel));
        scratchFloats = ((scratchFloats + 31) / 16 * 16) + 16;

        LogitRows = Math.Min(panel, LargestLogitRows);
        long vocabulary = (((long)LogitRows * blueprint.VocabularySize) + MatrixKernels.Padding - 1) / MatrixKernels.Padding * MatrixKernels.Padding;
        long rows = (2L * embedding) + query + key + value + fused + attended + (2L * feedForward) + MatrixKernels.Pad(rotary.TableLength);
        buffer = NativeBuffer.Allocate(sizeof(float) * ((panel * rows) + vocabulary + (workers * scratchFloats)));
        float* next = buffer.As<float>();
        float* Take(long floats)
        {
            float* taken = next;
            next += floats;
            return taken;
        }

        Panel = panel;
        Residual = Take((long)panel * embedding);
        Normed = Take((long)panel * embedding);
        Query = Take((long)panel * query);
        Key = Take((long)panel * key);
        Value = Take((long)panel * value);
        FusedQkv = Take((long)panel * fused);
        Attended = Take((long)panel * attended);
        Gate = Take((long)panel * feedForward);
        Up = Take((long)panel * feedForward);
        RotaryTable = Take((long)panel * MatrixKernels.Pad(rotary.TableLength));
        Logits = Take(vocabulary);
        scratch = Take(workers * scratchFloats);
    }

    /// <summary>Tokens there is room for.</summary>
    public int Panel { get; }

    /// <summary>The residual stream.</summary>
    public float* Residual { get; }

    /// <summary>The normalised stream, input of projections.</summary>
    public float* Normed { get; }

    /// <summary>Query heads.</summary>
    public float* Query { get; }

    /// <summary>Key heads of the panel's own tokens.</summary>
    public float* Key { get; }

    /// <summary>Value heads of the panel's own tokens.</summary>
    public float* Value { get; }

    /// <summary>Query, key and value as a fused projection yields them.</summary>
    public float* FusedQkv { get; }

    /// <summary>What attention yields.</summary>
    public float* Attended { get; }

    /// <summary>The gate of the feed-forward, then its product with <see cref="Up"/>.</summary>
    public float* Gate { get; }

    /// <summary>The other half of the feed-forward.</summary>
    public float* Up { get; }

    /// <summary>Cosines and sines of the panel's positions.</summary>
    public float* RotaryTable { get; }

    /// <summary>Rows in <see cref="Logits"/>.</summary>
    public int LogitRows { get; }

    /// <summary>Logits of <see cref="LogitRows"/> positions, of vocabulary length each.</summary>
    public float* Logits { get; }

    /// <summary>Bytes reserved.</summary>
    public long Bytes => buffer.Bytes;

    /// <summary>One thread's scratch.</summary>
    public float* Scratch(int worker) => scratch + (worker * scratchFloats);

    public void Dispose() => buffer.Dispose();

    private static long LargestMatrixScratch(ModelWeights weights, int panel)
    {
        long largest = 0;
        void Consider(Projection? projection)
        {
            if (projection is null)
                return;
            largest = Math.Max(largest, projection.Weight.Kernel.ScratchFloats(projection.Weight.Columns, panel));
            largest = Math.Max(largest, projection.Weight.Kernel.ScratchFloats(projection.Weight.Columns, 1));
        }

        foreach (LayerWeights layer in weights.Layers)
        {
            Consider(layer.FusedQkv);
            Consider(layer.Query);
            Consider(layer.Key);
            Consider(layer.Value);
            Consider(layer.AttentionOutput);
            Consider(layer.Gate);
            Consider(layer.Up);
            Consider(layer.Down);
        }

        Consider(weights.Output);
        return largest;
    }
}
