using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// A llama-architecture model of 100 thousand pseudo-random weights that every llama.cpp since GGUF loads: SentencePiece
/// vocabulary with byte fallback, two layers, grouped-query attention.
/// </summary>
internal sealed class TinyModel
{
    public const int Vocabulary = 3 + 256 + 5;
    public const int EndOfSequence = 2;
    private const int Embedding = 64, Heads = 4, KeyValueHeads = 2, FeedForward = 96, Layers = 2;

    /// <summary>The architecture the file claims.</summary>
    public string Architecture { get; init; } = "llama";

    /// <summary>A tensor to leave out.</summary>
    public string? Without { get; init; }

    /// <summary>The name of the tokenizer's pre-tokenizer, for a byte-level BPE vocabulary.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>The id of a byte's token.</summary>
    public static int Byte(byte value) => 3 + value;

    public string Write(string directory)
    {
        string path = Path.Combine(directory, $"tiny-{Guid.NewGuid():N}.gguf");
        GgufWriter writer = new GgufWriter()
            .Set("general.architecture", GgufValue.Of(Architecture))
            .Set("llama.context_length", GgufValue.Of(128u))
            .Set("llama.embedding_length", GgufValue.Of((uint)Embedding))
            .Set("llama.block_count", GgufValue.Of((uint)Layers))
            .Set("llama.feed_forward_length", GgufValue.Of((uint)FeedForward))
            .Set("llama.attention.head_count", GgufValue.Of((uint)Heads))
            .Set("llama.attention.head_count_kv", GgufValue.Of((uint)KeyValueHeads))
            .Set("llama.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f));
        AddTokenizer(writer);
        Add(writer, "token_embd.weight", Embedding, Vocabulary);
        Add(writer, "output_norm.weight", Embedding);
        Add(writer, "output.weight", Embedding, Vocabulary);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            const int KeyValues = Embedding / Heads * KeyValueHeads;
            Add(writer, block + "attn_norm.weight", Embedding);
            Add(writer, block + "attn_q.weight", Embedding, Embedding);
            Add(writer, block + "attn_k.weight", Embedding, KeyValues);
            Add(writer, block + "attn_v.weight", Embedding, KeyValues);
            Add(writer, block + "attn_output.weight", Embedding, Embedding);
            Add(writer, block + "ffn_norm.weight", Embedding);
            Add(writer, block + "ffn_gate.weight", Embedding, FeedForward);
            Add(writer, block + "ffn_up.weight", Embedding, FeedForward);
            Add(writer, block + "ffn_down.weight", FeedForward, Embedding);
        }

        writer.Save(path);
        return path;
    }

    private void AddTokenizer(GgufWriter writer)
    {
        string[] tokens =
        [
            "<unk>", "<s>", "</s>",
            .. Enumerable.Range(0, 256).Select(value => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")),
            "▁", "a", "b", "ab", "▁ab",
        ];
        const int Normal = 1, Unknown = 2, Control = 3, ByteToken = 6;
        writer.Set("tokenizer.ggml.model", GgufValue.Of(PreTokenizer is null ? "llama" : "gpt2"))
            .Set("tokenizer.ggml.tokens", GgufValue.OfStrings(tokens))
            .Set("tokenizer.ggml.scores", GgufValue.OfArray(
                tokens.Select((_, id) => id < 259 ? 0f : id - 1000f).ToArray()))
            .Set("tokenizer.ggml.token_type", GgufValue.OfArray(
                tokens.Select((_, id) => id == 0 ? Unknown : id < 3 ? Control : id < 259 ? ByteToken : Normal).ToArray()))
            .Set("tokenizer.ggml.bos_token_id", GgufValue.Of(1u))
            .Set("tokenizer.ggml.eos_token_id", GgufValue.Of((uint)EndOfSequence))
            .Set("tokenizer.ggml.unknown_token_id", GgufValue.Of(0u));
        if (PreTokenizer is not null)
        {
            writer.Set("tokenizer.ggml.pre", GgufValue.Of(PreTokenizer))
                .Set("tokenizer.ggml.merges", GgufValue.OfStrings(["a b"]));
        }
    }

    private void Add(GgufWriter writer, string name, params long[] shape)
    {
        if (name == Without)
            return;
        // Norms near one, matrices near the usual initialization; the seed is the name, so that no two are alike.
        var random = new Random(name.Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter)));
        float[] values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (int i = 0; i < values.Length; i++)
            values[i] = shape.Length == 1 ? 0.9f + (0.2f * random.NextSingle()) : random.NextSingle() - 0.5f;
        writer.AddTensor(name, TensorType.F32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }
}
