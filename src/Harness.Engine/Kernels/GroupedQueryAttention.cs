using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>
/// Attention of one token's query heads that share a key/value head, where rows are kept once for all heads or chosen one
/// by one; elsewhere <see cref="BlockedAttention"/> is faster. Scores of the positions it sees, a softmax in two
/// passes, the weighted sum of values, positions ascending. Each stored key and value is unpacked once for the whole
/// group.
/// </summary>
internal sealed unsafe class GroupedQueryAttention
{
    private readonly AttentionBlueprint attention;
    private readonly KeyValueStore store;
    private readonly float* sinks;
    private readonly IPrimitives primitives;
    private readonly ScoreAdjustment adjustment;
    private readonly int group;
    private readonly int keyStride;
    private readonly int valueStride;

    /// <param name="attention">Widths, scale, window, caps.</param>
    /// <param name="store">Keys and values.</param>
    /// <param name="sinks">A score for each head that takes part in its softmax, or null.</param>
    /// <param name="primitives">The register width.</param>
    public GroupedQueryAttention(AttentionBlueprint attention, KeyValueStore store, float* sinks, IPrimitives primitives)
    {
        this.attention = attention;
        this.store = store;
        this.sinks = sinks;
        this.primitives = primitives;
        group = attention.HeadCount / attention.KeyValueHeadCount;
        keyStride = MatrixKernels.Pad(attention.KeyLength);
        valueStride = MatrixKernels.Pad(attention.ValueLength);
        adjustment = new ScoreAdjustment(attention);
    }

    /// <summary>Scratch of one thread, in floats.</summary>
    public long ScratchFloats(int positions) =>
        ((long)group * (keyStride + valueStride + MatrixKernels.Pad(positions))) + Math.Max(keyStride, valueStride);

    /// <summary>Computes one group.</summary>
    /// <param name="keyValueHead">The shared head.</param>
    /// <param name="position">The token's position.</param>
    /// <param name="last">The last position it sees.</param>
    /// <param name="queries">The token's query heads, <see cref="AttentionBlueprint.QueryWidth"/> values.</param>
    /// <param name="outputs">Receives the token's heads, <see cref="AttentionBlueprint.OutputWidth"/> values.</param>
    /// <param name="scratch">This thread's scratch.</param>
    /// <param name="chosen">A bit for each position, counted from 0: those not set are not seen. Null: all are.</param>
    public void Attend(int keyValueHead, int position, int last, float* queries, float* outputs, float* scratch, uint* chosen = null)
    {
        int firstHead = keyValueHead * group;
        int first = attention.Window?.First(position) ?? 0;
        int positions = last - first + 1;
        int scoreStride = MatrixKernels.Pad(positions);

        float* query = scratch;
        float* sums = query + ((long)group * keyStride);
        float* unpacked = sums + ((long)group * valueStride);
        float* scores = unpacked + Math.Max(keyStride, valueStride);

        // The score's scale goes into the query, once for all positions.
        for (int g = 0; g < group; g++)
        {
            float* source = queries + ((long)(firstHead + g) * attention.KeyLength);
            float* target = query + ((long)g * keyStride);
            for (int i = 0; i < attention.KeyLength; i++)
                target[i] = source[i] * attention.Scale;
            new Span<float>(target + attention.KeyLength, keyStride - attention.KeyLength).Clear();
        }

        for (int p = 0; p < positions; p++)
        {
            float* key = store.LoadKey(keyValueHead, first + p, unpacked, primitives);
            for (int g = 0; g < group; g++)
                scores[((long)g * scoreStride) + p] = primitives.Dot(query + ((long)g * keyStride), key, keyStride);
        }

        // Sums of weights go where the queries were.
        new Span<float>(sums, group * valueStride).Clear();
        for (int g = 0; g < group; g++)
        {
            float* row = scores + ((long)g * scoreStride);
            adjustment.Apply(row, firstHead + g, position - first, positions);
            for (int p = 0; chosen is not null && p < positions; p++)
            {
                if ((chosen[(first + p) / 32] >> ((first + p) % 32) & 1) == 0)
                    row[p] = float.NegativeInfinity;
            }

            float sink = sinks is null ? float.NegativeInfinity : sinks[firstHead + g];
            query[g] = primitives.ExpOfDifference(row, positions, sink);
        }

        for (int p = 0; p < positions; p++)
        {
            float* value = store.LoadValue(keyValueHead, first + p, unpacked, primitives);
            for (int g = 0; g < group; g++)
                primitives.AddScaled(sums + ((long)g * valueStride), scores[((long)g * scoreStride) + p], value, valueStride);
        }

        for (int g = 0; g < group; g++)
        {
            float inverse = 1 / query[g];
            float* source = sums + ((long)g * valueStride);
            float* target = outputs + ((long)(firstHead + g) * attention.ValueLength);
            for (int i = 0; i < attention.ValueLength; i++)
                target[i] = source[i] * inverse;
        }
    }
}
