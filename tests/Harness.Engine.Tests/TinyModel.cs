using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Engine.Tests;

/// <summary>The choices of a tiny random model.</summary>
internal sealed record TinyShape
{
    public string Architecture { get; init; } = "llama";

    public int Embedding { get; init; } = 48;

    public int[] Heads { get; init; } = [6, 6];

    public int[] KeyValueHeads { get; init; } = [2, 2];

    public int[] FeedForward { get; init; } = [80, 80];

    public int? KeyLength { get; init; }

    public int? ValueLength { get; init; }

    public int Vocabulary { get; init; } = 67;

    public TensorType Type { get; init; } = TensorType.F32;

    public bool Biases { get; init; }

    public bool Tied { get; init; }

    public bool FusedQkv { get; init; }

    public bool FrequencyFactors { get; init; }

    public bool TensorScales { get; init; }

    public float LinearFactor { get; init; }

    public float Base { get; init; } = 10000;

    public int Layers => Heads.Length;

    public int KeyLengthOrDefault => KeyLength ?? Embedding / Heads[0];

    public int ValueLengthOrDefault => ValueLength ?? Embedding / Heads[0];
}

/// <summary>A tiny model with random weights, as a file and as the numbers in it.</summary>
internal sealed class TinyModel : IDisposable
{
    private readonly Random random;

    public TinyModel(TinyShape shape, int seed, Action<GgufWriter>? alter = null)
    {
        Shape = shape;
        random = new Random(seed);
        var writer = new GgufWriter();
        WriteMetadata(writer);
        WriteTensors(writer);
        alter?.Invoke(writer);
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"harness-tiny-{Guid.NewGuid():N}.gguf");
        writer.Save(Path);
    }

    public TinyShape Shape { get; }

    public string Path { get; }

    /// <summary>Every tensor's values as stored, row after row.</summary>
    public Dictionary<string, float[]> Values { get; } = [];

    public void Dispose() => File.Delete(Path);

    private void WriteMetadata(GgufWriter writer)
    {
        string prefix = Shape.Architecture + ".";
        _ = writer.Set("general.architecture", GgufValue.Of(Shape.Architecture))
            .Set(prefix + "block_count", GgufValue.Of((uint)Shape.Layers))
            .Set(prefix + "context_length", GgufValue.Of(64u))
            .Set(prefix + "embedding_length", GgufValue.Of((uint)Shape.Embedding))
            .Set(prefix + "feed_forward_length", PerLayer(Shape.FeedForward))
            .Set(prefix + "attention.head_count", PerLayer(Shape.Heads))
            .Set(prefix + "attention.head_count_kv", PerLayer(Shape.KeyValueHeads))
            .Set(prefix + "attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f))
            .Set(prefix + "rope.freq_base", GgufValue.Of(Shape.Base));
        if (Shape.KeyLength is { } key)
            _ = writer.Set(prefix + "attention.key_length", GgufValue.Of((uint)key));
        if (Shape.ValueLength is { } value)
            _ = writer.Set(prefix + "attention.value_length", GgufValue.Of((uint)value));
        if (Shape.LinearFactor != 0)
        {
            _ = writer.Set(prefix + "rope.scaling.type", GgufValue.Of("linear"))
                .Set(prefix + "rope.scaling.factor", GgufValue.Of(Shape.LinearFactor));
        }
    }

    private void WriteTensors(GgufWriter writer)
    {
        int embedding = Shape.Embedding;
        Matrix(writer, "token_embd", Shape.Vocabulary, embedding);
        Vector(writer, "output_norm.weight", embedding, 1);
        if (!Shape.Tied)
            Matrix(writer, "output", Shape.Vocabulary, embedding);
        if (Shape.FrequencyFactors)
            Vector(writer, "rope_freqs.weight", Shape.KeyLengthOrDefault / 2, 2);

        for (int layer = 0; layer < Shape.Layers; layer++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            int query = Shape.Heads[layer] * Shape.KeyLengthOrDefault;
            int key = Shape.KeyValueHeads[layer] * Shape.KeyLengthOrDefault;
            int value = Shape.KeyValueHeads[layer] * Shape.ValueLengthOrDefault;
            int output = Shape.Heads[layer] * Shape.ValueLengthOrDefault;
            bool llama = Shape.Architecture == "llama";
            Vector(writer, block + "attn_norm.weight", embedding, 1);
            if (Shape.FusedQkv)
            {
                Projection(writer, block + "attn_qkv", query + key + value, embedding, Shape.Biases);
            }
            else
            {
                Projection(writer, block + "attn_q", query, embedding, Shape.Biases);
                Projection(writer, block + "attn_k", key, embedding, Shape.Biases);
                Projection(writer, block + "attn_v", value, embedding, Shape.Biases);
            }

            Projection(writer, block + "attn_output", embedding, output, Shape.Biases && llama);
            Vector(writer, block + "ffn_norm.weight", embedding, 1);
            Projection(writer, block + "ffn_gate", Shape.FeedForward[layer], embedding, Shape.Biases && llama);
            Projection(writer, block + "ffn_up", Shape.FeedForward[layer], embedding, Shape.Biases && llama);
            Projection(writer, block + "ffn_down", embedding, Shape.FeedForward[layer], Shape.Biases && llama);
        }
    }

    private void Projection(GgufWriter writer, string name, int rows, int columns, bool bias)
    {
        Matrix(writer, name, rows, columns);
        if (bias)
            Vector(writer, name + ".bias", rows, 0);
        if (Shape.TensorScales)
            Vector(writer, name + ".scale", 1, 1);
    }

    private void Matrix(GgufWriter writer, string name, int rows, int columns)
    {
        var values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextDouble() - 0.5) * 3.5 / Math.Sqrt(columns));
        Add(writer, name + ".weight", Shape.Type, [columns, rows], values);
    }

    private void Vector(GgufWriter writer, string name, int length, float around)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++)
            values[i] = around + ((random.NextSingle() - 0.5f) * 0.8f);
        Add(writer, name, TensorType.F32, [length], values);
    }

    private void Add(GgufWriter writer, string name, TensorType type, long[] shape, float[] values)
    {
        if (!TensorFormats.TryGet(type, out TensorFormat? format))
            throw new InvalidOperationException();
        var bytes = new byte[values.Length / format.BlockLength * format.BlockBytes];
        if (format.Encode is { } encode)
            encode(values, bytes);
        else
            FillWithRandomBlocks(format, bytes);
        format.DecodeScalar(bytes, values);
        Values.Add(name, values);
        _ = writer.AddTensor(name, type, shape, bytes);
    }

    // Any bytes are a block of a K-quant; only the scales must be sane.
    private void FillWithRandomBlocks(TensorFormat format, byte[] bytes)
    {
        random.NextBytes(bytes);
        int at = format.Type == TensorType.Q6_K ? 208 : 0;
        for (int block = 0; block < bytes.Length; block += format.BlockBytes)
        {
            float scale = format.Type == TensorType.Q6_K ? 2e-5f : 2e-4f;
            BitConverter.TryWriteBytes(bytes.AsSpan(block + at), (Half)(scale * (0.5f + random.NextSingle())));
            if (format.Type is TensorType.Q5_0 or TensorType.Q5_1)
                BitConverter.TryWriteBytes(bytes.AsSpan(block), (Half)(0.01f * (0.5f + random.NextSingle())));
            if (format.Type == TensorType.Q5_1)
                BitConverter.TryWriteBytes(bytes.AsSpan(block + 2), (Half)(-0.16f * (0.5f + random.NextSingle())));
            if (format.Type is TensorType.Q4_K or TensorType.Q5_K)
                BitConverter.TryWriteBytes(bytes.AsSpan(block + 2), (Half)(7 * scale * (0.5f + random.NextSingle())));
        }
    }

    private static GgufValue PerLayer(int[] counts) => counts.Distinct().Count() == 1
        ? GgufValue.Of((uint)counts[0])
        : GgufValue.OfArray(Array.ConvertAll(counts, c => (uint)c));
}
