using System.Numerics;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Formats.Tests.Gguf;

/// <summary>Makes GGUF descriptions from a seed, with every metadata type and several tensor types.</summary>
internal sealed class SyntheticGguf
{
    private static readonly TensorType[] Types = [TensorType.F32, TensorType.F16, TensorType.Q4_0, TensorType.Q8_0, TensorType.Q6_K];

    public SyntheticGguf(int seed, uint version = 3)
    {
        var random = new Random(seed);
        int alignment = 1 << random.Next(3, 9);
        Writer = new GgufWriter(version, alignment);
        int entries = random.Next(1, 25);
        for (int i = 0; i < entries; i++)
        {
            string key = $"key.{i}.{Word(random)}";
            Metadata.Add(new(key, Value(random, depth: 0)));
            Writer.Set(key, Metadata[^1].Value);
        }

        int tensors = random.Next(0, 6);
        for (int i = 0; i < tensors; i++)
        {
            TensorType type = Types[random.Next(Types.Length)];
            TensorLayout.TryGet((uint)type, out TensorLayoutInfo layout);
            var shape = new long[random.Next(1, 5)];
            for (int d = 0; d < shape.Length; d++)
                shape[d] = random.Next(1, 4) * (d == 0 ? layout.BlockLength : 1);
            long elements = shape.Aggregate(1L, (a, b) => a * b);
            var bytes = new byte[elements / layout.BlockLength * layout.BlockBytes];
            random.NextBytes(bytes);
            string name = $"tensor.{i}.{Word(random)}";
            Tensors.Add((name, type, shape, bytes));
            Writer.AddTensor(name, type, shape, bytes);
        }
    }

    public GgufWriter Writer { get; }

    public List<KeyValuePair<string, GgufValue>> Metadata { get; } = [];

    public List<(string Name, TensorType Type, long[] Shape, byte[] Bytes)> Tensors { get; } = [];

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        Writer.Write(stream);
        return stream.ToArray();
    }

    private static string Word(Random random) => new([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => "abcé中.xyz"[random.Next(9)])]);

    private static GgufValue Value(Random random, int depth) => random.Next(depth < 2 ? 15 : 14) switch
    {
        0 => GgufValue.Of((byte)random.Next()),
        1 => GgufValue.Of((sbyte)random.Next()),
        2 => GgufValue.Of((ushort)random.Next()),
        3 => GgufValue.Of((short)random.Next()),
        4 => GgufValue.Of((uint)random.Next()),
        5 => GgufValue.Of(random.Next() - (1 << 30)),
        6 => GgufValue.Of((float)random.NextDouble()),
        7 => GgufValue.Of(random.Next(2) == 1),
        8 => GgufValue.Of(Word(random)),
        9 => GgufValue.Of((ulong)random.NextInt64()),
        10 => GgufValue.Of(-random.NextInt64()),
        11 => GgufValue.Of(random.NextDouble()),
        12 => GgufValue.OfStrings(Enumerable.Range(0, random.Next(20)).Select(_ => Word(random))),
        13 => Numbers(random),
        _ => GgufValue.OfArrays([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Nested(random, depth))]),
    };

    private static GgufValue Nested(Random random, int depth) => random.Next(2) == 0 || depth > 1
        ? Numbers(random)
        : GgufValue.OfArrays([Numbers(random), GgufValue.OfStrings([Word(random)])]);

    private static GgufValue Numbers(Random random) => random.Next(11) switch
    {
        0 => Array<byte>(random),
        1 => Array<sbyte>(random),
        2 => Array<ushort>(random),
        3 => Array<short>(random),
        4 => Array<uint>(random),
        5 => Array<int>(random),
        6 => Array<ulong>(random),
        7 => Array<long>(random),
        8 => Array<float>(random),
        9 => Array<double>(random),
        _ => GgufValue.OfArray([.. Enumerable.Range(0, random.Next(9)).Select(_ => random.Next(2) == 1)]),
    };

    private static GgufValue Array<T>(Random random)
        where T : unmanaged, INumber<T> =>
        GgufValue.OfArray([.. Enumerable.Range(0, random.Next(9)).Select(_ => T.CreateTruncating(random.NextInt64() - (1L << 40)))]);
}
