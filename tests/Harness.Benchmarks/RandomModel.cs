using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Benchmarks;

/// <summary>
/// A llama-shaped file of about half a billion weights, all random: speed does not depend on what they are. Rows are
/// multiples of 256, so that every format applies.
/// </summary>
internal sealed class RandomModel : IDisposable
{
    private const int Layers = 24;
    private const int Embedding = 1024;
    private const int KeyWidth = 128;
    private const int FeedForward = 4864;
    private const int Vocabulary = 32000;
    private readonly TensorFormat format;

    public RandomModel(TensorType type)
    {
        if (!TensorFormats.TryGet(type, out TensorFormat? found))
            throw new ArgumentException($"no format {type}", nameof(type));
        format = found;
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"harness-benchmark-{type}.gguf");
        GgufWriter writer = new GgufWriter()
            .Set("general.architecture", GgufValue.Of("llama"))
            .Set("llama.block_count", GgufValue.Of((uint)Layers))
            .Set("llama.context_length", GgufValue.Of(4096u))
            .Set("llama.embedding_length", GgufValue.Of((uint)Embedding))
            .Set("llama.feed_forward_length", GgufValue.Of((uint)FeedForward))
            .Set("llama.attention.head_count", GgufValue.Of(16u))
            .Set("llama.attention.head_count_kv", GgufValue.Of(2u))
            .Set("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-6f));
        Matrix(writer, "token_embd.weight", Vocabulary, Embedding);
        Norm(writer, "output_norm.weight");
        for (int layer = 0; layer < Layers; layer++)
        {
            Norm(writer, $"blk.{layer}.attn_norm.weight");
            Matrix(writer, $"blk.{layer}.attn_q.weight", Embedding, Embedding);
            Matrix(writer, $"blk.{layer}.attn_k.weight", KeyWidth, Embedding);
            Matrix(writer, $"blk.{layer}.attn_v.weight", KeyWidth, Embedding);
            Matrix(writer, $"blk.{layer}.attn_output.weight", Embedding, Embedding);
            Norm(writer, $"blk.{layer}.ffn_norm.weight");
            Matrix(writer, $"blk.{layer}.ffn_gate.weight", FeedForward, Embedding);
            Matrix(writer, $"blk.{layer}.ffn_up.weight", FeedForward, Embedding);
            Matrix(writer, $"blk.{layer}.ffn_down.weight", Embedding, FeedForward);
        }

        writer.Save(Path, threads: 2);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);

    private static void Norm(GgufWriter writer, string name)
    {
        byte[] ones = new byte[Embedding * sizeof(float)];
        for (int i = 0; i < Embedding; i++)
            BitConverter.TryWriteBytes(ones.AsSpan(i * sizeof(float)), 1f);
        _ = writer.AddTensor(name, TensorType.F32, [Embedding], ones);
    }

    private void Matrix(GgufWriter writer, string name, int rows, int columns)
    {
        int rowBytes = columns / format.BlockLength * format.BlockBytes;
        _ = writer.AddTensor(name, format.Type, [columns, rows], (firstRow, destination) =>
        {
            for (int row = 0; row < destination.Length / rowBytes; row++)
                FillRow(new Random(HashCode.Combine(name.Length, firstRow + row)), destination.Slice(row * rowBytes, rowBytes));
        });
    }

    private void FillRow(Random random, Span<byte> row)
    {
        // Bytes of any value are a block, once its scales are small numbers.
        random.NextBytes(row);
        for (int at = 0; at < row.Length; at += format.BlockBytes)
        {
            Span<byte> block = row.Slice(at, format.BlockBytes);
            float small = (random.NextSingle() - 0.5f) * 0.1f;
            _ = format.Type switch
            {
                TensorType.F32 => BitConverter.TryWriteBytes(block, small),
                TensorType.F16 => BitConverter.TryWriteBytes(block, (Half)small),
                TensorType.BF16 => BitConverter.TryWriteBytes(block, (ushort)(BitConverter.SingleToUInt32Bits(small) >> 16)),
                TensorType.Q6_K => BitConverter.TryWriteBytes(block[208..], (Half)2e-5f),
                TensorType.Q4_K or TensorType.Q5_K =>
                    BitConverter.TryWriteBytes(block, (Half)1e-4f) && BitConverter.TryWriteBytes(block[2..], (Half)1e-3f),
                _ => BitConverter.TryWriteBytes(block, (Half)1e-3f),
            };
        }
    }
}
