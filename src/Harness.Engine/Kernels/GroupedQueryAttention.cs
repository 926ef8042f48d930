using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>
/// Causal attention of one token's query heads that share a key/value head: scores of all positions, a softmax in
/// two passes, the weighted sum of values, positions ascending. Each stored key and value is unpacked once for the
/// whole group.
/// </summary>
internal static unsafe class GroupedQueryAttention
{
    /// <summary>Scratch of one thread, in floats.</summary>
    public static long ScratchFloats(AttentionBlueprint attention, int positions)
    {
        long group = attention.HeadCount / attention.KeyValueHeadCount;
        int key = MatrixKernels.Pad(attention.KeyLength);
        int value = MatrixKernels.Pad(attention.ValueLength);
        return (group * (key + value + MatrixKernels.Pad(positions))) + Math.Max(key, value);
    }

    /// <summary>Computes one group.</summary>
    /// <param name="attention">Widths and scale.</param>
    /// <param name="cache">Keys and values up to and with <paramref name="position"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="keyValueHead">The shared head.</param>
    /// <param name="position">The token's position.</param>
    /// <param name="queries">The token's query heads, <see cref="AttentionBlueprint.QueryWidth"/> values.</param>
    /// <param name="outputs">Receives the token's heads, <see cref="AttentionBlueprint.OutputWidth"/> values.</param>
    /// <param name="scratch">This thread's scratch.</param>
    /// <param name="primitives">The register width.</param>
    public static void Attend(
        AttentionBlueprint attention,
        KvCache cache,
        int layer,
        int keyValueHead,
        int position,
        float* queries,
        float* outputs,
        float* scratch,
        IPrimitives primitives)
    {
        int group = attention.HeadCount / attention.KeyValueHeadCount;
        int firstHead = keyValueHead * group;
        int positions = position + 1;
        int keyStride = MatrixKernels.Pad(attention.KeyLength);
        int valueStride = MatrixKernels.Pad(attention.ValueLength);
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
            float* key = cache.Load(cache.Key(layer, keyValueHead, p), attention.KeyLength, unpacked, primitives);
            for (int g = 0; g < group; g++)
                scores[((long)g * scoreStride) + p] = primitives.Dot(query + ((long)g * keyStride), key, keyStride);
        }

        // Sums of weights go where the queries were.
        new Span<float>(sums, group * valueStride).Clear();
        for (int g = 0; g < group; g++)
            query[g] = primitives.ExpOfDifference(scores + ((long)g * scoreStride), positions);

        for (int p = 0; p < positions; p++)
        {
            float* value = cache.Load(cache.Value(layer, keyValueHead, p), attention.ValueLength, unpacked, primitives);
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
