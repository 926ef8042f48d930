using System.Runtime.InteropServices;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// A probe whose matrices hold what quantizers stumble over, block by block: bell-shaped weights, nothing, constants,
/// values of one sign, outliers, sub-blocks of nothing between others, and the very small and very large.
/// </summary>
internal static class AwkwardWeights
{
    /// <summary>Writes the model.</summary>
    /// <param name="like">A forged file: its metadata, names and shapes are kept.</param>
    /// <param name="target">The file to write, in F32 or F16 as <paramref name="like"/> is.</param>
    public static void Write(string like, string target)
    {
        using GgufFile file = GgufFile.Open(like);
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in file.Metadata)
            writer.Set(key, value);
        foreach (GgufTensor tensor in file.Tensors)
        {
            var bytes = new byte[tensor.ByteLength];
            file.Read(tensor, 0, bytes);
            if (tensor.Shape.Length > 1)
            {
                var random = new Random(tensor.Name.Aggregate(23, (hash, letter) => unchecked((hash * 31) + letter)));
                var values = new float[tensor.ElementCount];
                for (int at = 0; at < values.Length; at += 32)
                    Fill(random, random.Next(12), values.AsSpan(at, Math.Min(32, values.Length - at)));
                if (tensor.Type == TensorType.F16)
                    F16Format.Encode(values, bytes);
                else
                    MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(bytes);
            }

            writer.AddTensor(tensor.Name, tensor.Type!.Value, [.. tensor.Shape], bytes);
        }

        writer.Save(target);
    }

    /// <summary>Rows of the same kinds of blocks.</summary>
    /// <param name="seed">Decides the values.</param>
    /// <param name="rowLength">Values of a row, a multiple of 32.</param>
    /// <param name="rows">How many rows.</param>
    public static float[] Rows(int seed, int rowLength, int rows)
    {
        var random = new Random(seed);
        var values = new float[rowLength * rows];
        for (int at = 0; at < values.Length; at += 32)
            Fill(random, random.Next(12), values.AsSpan(at, 32));
        return values;
    }

    private static void Fill(Random random, int kind, Span<float> block)
    {
        float constant = (float)Bell(random);
        for (int i = 0; i < block.Length; i++)
        {
            block[i] = kind switch
            {
                0 => 0,
                1 => constant,
                2 => 1 + (0.1f * random.NextSingle()),
                3 => -1 - (0.1f * random.NextSingle()),
                4 => i == 7 ? 40 * constant : (float)Bell(random) * 0.02f,
                5 => i < 16 ? 0 : (float)Bell(random),
                6 => (float)Bell(random) * 1e-6f,
                7 => (float)Bell(random) * 1000,
                8 => i % 5 == 0 ? (float)Bell(random) : 0,
                _ => (float)Bell(random) * 0.02f,
            };
        }
    }

    private static double Bell(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
