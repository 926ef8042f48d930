using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>
/// Attention of several neighbouring tokens' query heads that share a key/value head, sixteen positions at a time: scores of
/// the positions they see, a softmax in two passes, the weighted sum of values. Each stored key and value is widened once
/// for all of them.
/// </summary>
/// <remarks>
/// Order of every sum: a score's products by channel; a softmax's terms by position, in lanes that begin at a multiple of
/// sixteen; an output's products by position. None depends on which tokens are computed together: what a token does not see
/// adds zero.
/// </remarks>
internal sealed unsafe class BlockedAttention
{
    private const int Block = BlockedKeyValueStore.Length;

    // Query heads that go over keys and values together.
    private const int MostRows = 32;
    private const int TileRows = 4;

    private readonly AttentionBlueprint attention;
    private readonly BlockedKeyValueStore store;
    private readonly ScoreAdjustment adjustment;
    private readonly float* sinks;
    private readonly IPrimitives primitives;
    private readonly int group;
    private readonly int valueStride;

    /// <param name="attention">Widths, scale, window, caps.</param>
    /// <param name="store">Keys and values.</param>
    /// <param name="sinks">A score for each head that takes part in its softmax, or null.</param>
    /// <param name="primitives">The register width of the softmax.</param>
    public BlockedAttention(AttentionBlueprint attention, BlockedKeyValueStore store, float* sinks, IPrimitives primitives)
    {
        this.attention = attention;
        this.store = store;
        this.sinks = sinks;
        this.primitives = primitives;
        adjustment = new ScoreAdjustment(attention);
        group = attention.HeadCount / attention.KeyValueHeadCount;
        valueStride = MatrixKernels.Pad(attention.ValueLength);
        TokensTogether = Math.Max(1, MostRows / group);
    }

    /// <summary>Most tokens of one call.</summary>
    public int TokensTogether { get; }

    /// <summary>Scratch of one thread, in floats.</summary>
    public long ScratchFloats(int positions)
    {
        long rows = TileRows + ((long)TokensTogether * group);
        return (rows * (attention.KeyLength + valueStride + positions + (2 * Block))) + ((long)Block * Math.Max(attention.KeyLength, valueStride));
    }

    /// <summary>Computes one key/value head for some tokens.</summary>
    /// <param name="keyValueHead">The head.</param>
    /// <param name="position">The first token's position.</param>
    /// <param name="tokens">How many, at most <see cref="TokensTogether"/>.</param>
    /// <param name="lastSeen">The last position that all of them see; −1: each sees those up to its own.</param>
    /// <param name="queries">The first token's query heads, a row a token.</param>
    /// <param name="outputs">Receives the tokens' heads.</param>
    /// <param name="scratch">This thread's scratch.</param>
    public void Attend(int keyValueHead, int position, int tokens, int lastSeen, PanelRows queries, PanelRows outputs, float* scratch)
    {
        int firstBlock = First(position) / Block;
        int lastBlock = (lastSeen >= 0 ? lastSeen : position + tokens - 1) / Block;
        int rows = tokens * group;
        int padded = (rows + TileRows - 1) / TileRows * TileRows;
        int stride = (lastBlock - firstBlock + 1) * Block;
        int keyLength = attention.KeyLength;
        float* query = scratch;
        float* scores = query + ((long)padded * keyLength);
        float* sums = scores + ((long)padded * stride);
        float* widened = sums + ((long)padded * valueStride);

        for (int row = 0; row < padded; row++)
            Scale(Head(queries, keyValueHead, Math.Min(row, rows - 1), keyLength), query + ((long)row * keyLength));
        for (int block = firstBlock; block <= lastBlock; block++)
        {
            float* keys = store.Keys(keyValueHead, block, widened);
            for (int row = 0; row < rows; row += TileRows)
                Scores(query + ((long)row * keyLength), keys, keyLength, scores + ((long)row * stride) + ((block - firstBlock) * Block), stride);
        }

        // The sums of weights go where the queries were.
        for (int row = 0; row < rows; row++)
        {
            int own = position + (row / group);
            query[row] = Softmax(
                scores + ((long)row * stride), stride, firstBlock * Block, First(own), lastSeen >= 0 ? lastSeen : own, own, (keyValueHead * group) + (row % group));
        }

        new Span<float>(sums, padded * valueStride).Clear();
        for (int block = firstBlock; block <= lastBlock; block++)
        {
            float* values = store.Values(keyValueHead, block, widened);
            for (int row = 0; row < rows; row += TileRows)
                AddValues(scores + ((long)row * stride) + ((block - firstBlock) * Block), stride, values, sums + ((long)row * valueStride), valueStride);
        }

        for (int row = 0; row < rows; row++)
        {
            float inverse = 1 / query[row];
            float* source = sums + ((long)row * valueStride);
            float* target = Head(outputs, keyValueHead, row, attention.ValueLength);
            for (int i = 0; i < attention.ValueLength; i++)
                target[i] = source[i] * inverse;
        }
    }

    private int First(int position) => attention.Window?.First(position) ?? 0;

    private float* Head(PanelRows heads, int keyValueHead, int row, int length) =>
        heads[row / group] + ((long)((keyValueHead * group) + (row % group)) * length);

    // The score's scale goes into the query, once for all positions.
    private void Scale(float* source, float* target)
    {
        for (int i = 0; i < attention.KeyLength; i++)
            target[i] = source[i] * attention.Scale;
    }

    /// <summary>Turns a row of scores into weights, zero where a position is not seen, and returns their sum.</summary>
    private float Softmax(float* scores, int stride, int start, int first, int last, int own, int head)
    {
        float* seen = scores + (first - start);
        adjustment.Apply(seen, head, own - first, last - first + 1);

        // Whole registers from the block's beginning on, whatever other tokens' first block is.
        float* begin = scores + ((first / Block * Block) - start);
        new Span<float>(scores, (int)(begin - scores)).Clear();
        new Span<float>(begin, (int)(seen - begin)).Fill(float.NegativeInfinity);
        int length = last + 1 - (first / Block * Block);
        float sum = primitives.ExpOfDifference(begin, length, sinks is null ? float.NegativeInfinity : sinks[head]);
        float* end = begin + MatrixKernels.Pad(length);
        new Span<float>(end, (int)(scores + stride - end)).Clear();
        return sum;
    }

    /// <summary>Four queries times sixteen keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* queries, float* keys, int keyLength, float* scores, int stride)
    {
        float* query1 = queries + keyLength;
        float* query2 = query1 + keyLength;
        float* query3 = query2 + keyLength;
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<float> s20 = default, s21 = default, s30 = default, s31 = default;
        for (nint i = 0; i < keyLength; i++)
        {
            Vector256<float> k0 = Vector256.Load(keys);
            Vector256<float> k1 = Vector256.Load(keys + 8);
            keys += Block;
            var q = Vector256.Create(queries[i]);
            s00 = Vector256.MultiplyAddEstimate(q, k0, s00);
            s01 = Vector256.MultiplyAddEstimate(q, k1, s01);
            q = Vector256.Create(query1[i]);
            s10 = Vector256.MultiplyAddEstimate(q, k0, s10);
            s11 = Vector256.MultiplyAddEstimate(q, k1, s11);
            q = Vector256.Create(query2[i]);
            s20 = Vector256.MultiplyAddEstimate(q, k0, s20);
            s21 = Vector256.MultiplyAddEstimate(q, k1, s21);
            q = Vector256.Create(query3[i]);
            s30 = Vector256.MultiplyAddEstimate(q, k0, s30);
            s31 = Vector256.MultiplyAddEstimate(q, k1, s31);
        }

        s00.Store(scores);
        s01.Store(scores + 8);
        scores += stride;
        s10.Store(scores);
        s11.Store(scores + 8);
        scores += stride;
        s20.Store(scores);
        s21.Store(scores + 8);
        scores += stride;
        s30.Store(scores);
        s31.Store(scores + 8);
    }

    /// <summary>Adds sixteen positions' values to four rows of sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues(float* weights, int stride, float* values, float* sums, int valueStride)
    {
        float* weights1 = weights + stride;
        float* weights2 = weights1 + stride;
        float* weights3 = weights2 + stride;
        for (int channel = 0; channel < valueStride; channel += 16)
        {
            float* sum0 = sums + channel;
            float* sum1 = sum0 + valueStride;
            float* sum2 = sum1 + valueStride;
            float* sum3 = sum2 + valueStride;
            Vector256<float> s00 = Vector256.Load(sum0), s01 = Vector256.Load(sum0 + 8);
            Vector256<float> s10 = Vector256.Load(sum1), s11 = Vector256.Load(sum1 + 8);
            Vector256<float> s20 = Vector256.Load(sum2), s21 = Vector256.Load(sum2 + 8);
            Vector256<float> s30 = Vector256.Load(sum3), s31 = Vector256.Load(sum3 + 8);
            float* value = values + channel;
            for (nint p = 0; p < Block; p++)
            {
                Vector256<float> v0 = Vector256.Load(value);
                Vector256<float> v1 = Vector256.Load(value + 8);
                value += valueStride;
                var w = Vector256.Create(weights[p]);
                s00 = Vector256.MultiplyAddEstimate(w, v0, s00);
                s01 = Vector256.MultiplyAddEstimate(w, v1, s01);
                w = Vector256.Create(weights1[p]);
                s10 = Vector256.MultiplyAddEstimate(w, v0, s10);
                s11 = Vector256.MultiplyAddEstimate(w, v1, s11);
                w = Vector256.Create(weights2[p]);
                s20 = Vector256.MultiplyAddEstimate(w, v0, s20);
                s21 = Vector256.MultiplyAddEstimate(w, v1, s21);
                w = Vector256.Create(weights3[p]);
                s30 = Vector256.MultiplyAddEstimate(w, v0, s30);
                s31 = Vector256.MultiplyAddEstimate(w, v1, s31);
            }

            s00.Store(sum0);
            s01.Store(sum0 + 8);
            s10.Store(sum1);
            s11.Store(sum1 + 8);
            s20.Store(sum2);
            s21.Store(sum2 + 8);
            s30.Store(sum3);
            s31.Store(sum3 + 8);
        }
    }
}
