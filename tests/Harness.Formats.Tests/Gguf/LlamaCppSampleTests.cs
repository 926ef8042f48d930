using Harness.Formats.Gguf;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Gguf;

/// <summary>Files that llama.cpp itself wrote.</summary>
public class LlamaCppSampleTests
{
    [Test]
    public void Every_model_written_by_llama_cpp_opens()
    {
        foreach (string path in Directory.GetFiles(SharedFolder.Require("interop"), "*.gguf"))
        {
            using GgufFile file = GgufFile.Open(path);
            string architecture = file.Metadata.GetString("general.architecture");
            Assert.Multiple(() =>
            {
                Assert.That(Path.GetFileName(path), Does.StartWith(architecture.Split('-')[0]), path);
                Assert.That(file.Tensors, Is.Not.Empty, path);
                Assert.That(file.TryGetTensor("token_embd.weight", out _), path);
                GgufTensor last = file.Tensors.MaxBy(t => t.Offset)!;
                Assert.That(last.Offset + last.ByteLength, Is.LessThanOrEqualTo(new FileInfo(path).Length), path);
                Assert.That(file.GetBytes(last).Length, Is.EqualTo(last.ByteLength), path);
            });
        }
    }

    [Test]
    public void The_llama_sample_has_the_shapes_llama_cpp_wrote()
    {
        using GgufFile file = GgufFile.Open(SharedFolder.Require("interop", "llama-dense.gguf"));
        long embedding = file.Metadata.GetNumber<long>("llama.embedding_length");
        long feedForward = file.Metadata.GetNumber<long>("llama.feed_forward_length");
        GgufTensor up = file.GetTensor("blk.0.ffn_up.weight");
        GgufTensor norm = file.GetTensor("output_norm.weight");
        Assert.Multiple(() =>
        {
            Assert.That(up.Shape, Is.EqualTo(new[] { embedding, feedForward }));
            Assert.That(up.RowLength, Is.EqualTo(embedding));
            Assert.That(norm.Type, Is.EqualTo(TensorType.F32));
            Assert.That(norm.ByteLength, Is.EqualTo(4 * embedding));
        });
    }

    [TestCase("ggml-vocab-qwen2.gguf", "gpt2", 151_936)]
    [TestCase("ggml-vocab-llama-bpe.gguf", "gpt2", 128_256)]
    [TestCase("ggml-vocab-llama-spm.gguf", "llama", 32_000)]
    public void Vocabularies_are_read_whole(string name, string model, int tokens)
    {
        using GgufFile file = GgufFile.Open(SharedFolder.Require("vocab", name));
        GgufStringArray strings = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        Assert.Multiple(() =>
        {
            Assert.That(file.Metadata.GetString("tokenizer.ggml.model"), Is.EqualTo(model));
            Assert.That(strings.Count, Is.EqualTo(tokens));
            Assert.That(file.Metadata.GetArray<int>("tokenizer.ggml.token_type").Length, Is.EqualTo(tokens));
            Assert.That(file.Tensors, Is.Empty);
        });
    }

    [Test]
    public void A_vocabulary_of_150_000_tokens_takes_little_more_memory_than_its_bytes()
    {
        byte[] bytes = File.ReadAllBytes(SharedFolder.Require("vocab", "ggml-vocab-qwen2.gguf"));
        GgufHeader.Parse(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        GgufHeader.Parse(bytes);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2L * bytes.Length));
    }

    [Test]
    public void A_header_is_read_from_growing_prefixes()
    {
        byte[] bytes = File.ReadAllBytes(SharedFolder.Require("vocab", "ggml-vocab-qwen2.gguf"));
        long length = 0;
        GgufHeader? header;
        int requests = 0;
        while (!GgufHeader.TryParse(bytes.AsSpan(0, (int)length), bytes.Length, out header, out long needed))
        {
            Assert.That(needed, Is.GreaterThan(length).And.LessThanOrEqualTo(bytes.Length));
            length = Math.Min(Math.Max(needed, 2 * length), bytes.Length);
            requests++;
        }

        Assert.Multiple(() =>
        {
            Assert.That(header.Metadata.GetStrings("tokenizer.ggml.tokens").GetString(0), Is.EqualTo("!"));
            Assert.That(requests, Is.LessThan(30));
        });
    }
}
