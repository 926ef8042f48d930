using Harness.Engine.Blocks;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>What a store of keys and values gives back, in each form it keeps them in.</summary>
internal sealed unsafe class KeysAndValuesAreKept
{
    private const int Heads = 3;
    private const int Positions = 37;

    [Test]
    public void Every_value_comes_back_within_its_forms_rounding(
        [Values] KvCacheType type, [Values(1, 24, 32, 64, 80)] int keyLength, [Values(1, 16, 40, 96)] int valueLength)
    {
        using Panel panel = new(1);
        panel.Reserve(new SessionMemory
        {
            Positions = Positions,
            PanelTokens = 1,
            StateBytes = BlockedKeyValueStore.BytesFor(Heads, keyLength, valueLength, Positions, type),
            ActivationBytes = 0,
            ThreadBytes = 0,
            IntegerBytes = 0,
        }, 0, 0);
        BlockedKeyValueStore store = new(panel, 0, Heads, keyLength, valueLength, Positions, type);
        Random random = new((keyLength * 100) + valueLength);
        float[][,] keys = [.. Enumerable.Range(0, Heads).Select(_ => Rows(random, keyLength))];
        float[][,] values = [.. Enumerable.Range(0, Heads).Select(_ => Rows(random, valueLength))];
        for (int position = 0; position < Positions; position++)
        {
            for (int head = 0; head < Heads; head++)
            {
                fixed (float* key = keys[head], value = values[head])
                    store.Store(key + (position * keyLength), value + (position * valueLength), head, position);
            }
        }

        const int block = BlockedKeyValueStore.Length;
        int stride = Kernels.MatrixKernels.Pad(valueLength);
        float[] scratch = new float[block * Math.Max(keyLength, stride)];
        fixed (float* room = scratch)
        {
            for (int head = 0; head < Heads; head++)
            {
                for (int position = 0; position < Positions; position++)
                {
                    float* stored = store.Keys(head, position / block, room);
                    for (int i = 0; i < keyLength; i++)
                        AssertNear(stored[(i * block) + (position % block)], keys[head], position, i, type);
                    stored = store.Values(head, position / block, room) + (position % block * stride);
                    for (int i = 0; i < valueLength; i++)
                        AssertNear(stored[i], values[head], position, i, type);
                    for (int i = valueLength; i < stride; i++)
                        Assert.That(stored[i], Is.Zero, "what pads a value");
                }
            }
        }
    }

    [Test]
    public void Bytes_take_little_more_than_half_of_halves()
    {
        long halves = BlockedKeyValueStore.BytesFor(2, 64, 128, 1024, KvCacheType.F16);
        Assert.That(BlockedKeyValueStore.BytesFor(2, 64, 128, 1024, KvCacheType.Q8_0), Is.EqualTo(halves * 34 / 64));
    }

    private static void AssertNear(float found, float[,] rows, int row, int column, KvCacheType type)
    {
        float expected = rows[row, column];
        double within = type switch
        {
            KvCacheType.F32 => 0,
            KvCacheType.F16 => (Math.Abs(expected) / 2048) + (1.0 / (1 << 25)),

            // Half a step of the group's 127, and the scale's own rounding, which small ones have more of.
            _ => (127 * 1.0 / (1 << 25)) + Enumerable.Range(column / 32 * 32, 32).Where(i => i < rows.GetLength(1)).Max(i => Math.Abs(rows[row, i])) * ((0.5 / 127) + (1.0 / 2048)),
        };
        Assert.That(found, Is.EqualTo(expected).Within(within), $"position {row}, channel {column}");
    }

    private static float[,] Rows(Random random, int length)
    {
        float[,] rows = new float[Positions, length];
        for (int i = 0; i < Positions; i++)
        {
            float scale = i == 5 ? 0 : MathF.Pow(10, random.Next(-2, 3));
            for (int j = 0; j < length; j++)
                rows[i, j] = (random.NextSingle() - 0.5f) * scale;
        }

        return rows;
    }
}
