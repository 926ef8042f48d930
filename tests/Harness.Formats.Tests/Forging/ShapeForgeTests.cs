using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Formats.Tests.Forging;

/// <summary>Files in the shape of a real model.</summary>
public class ShapeForgeTests
{
    private static readonly ForgeShape Shape = new()
    {
        Name = "small",
        Architecture = "qwen2",
        Layers = 2,
        Embedding = 448,
        Heads = 7,
        KvHeads = 1,
        HeadDimension = 64,
        FeedForward = 1280,
        Vocabulary = 5003,
        Context = 4096,
        RopeBase = 1_000_000,
        NormEpsilon = 1e-6f,
        TiedOutput = true,
        Tokenizer = ForgedTokenizer.BpeQwen2,
    };

    [Test]
    public void A_shape_is_written_with_its_vocabulary_and_the_types_its_rows_allow()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("like.gguf");
        ShapeForge.Write(Shape, "Q4_K_M", 1, path, threads: 2);
        using GgufFile file = GgufFile.Open(path);
        Assert.Multiple(() =>
        {
            Assert.That(file.Metadata.GetStrings("tokenizer.ggml.tokens").Count, Is.EqualTo(5003));
            Assert.That(file.GetTensor("token_embd.weight").Shape, Is.EqualTo(new long[] { 448, 5003 }));
            Assert.That(file.GetTensor("token_embd.weight").TypeName, Is.EqualTo("Q8_0"));
            Assert.That(file.GetTensor("blk.0.attn_q.weight").TypeName, Is.EqualTo("Q5_0"));
            Assert.That(file.GetTensor("blk.1.ffn_down.weight").TypeName, Is.EqualTo("Q6_K"));
        });
    }

    [Test]
    public void The_bytes_do_not_depend_on_the_number_of_threads()
    {
        using var folder = new TemporaryFolder();
        ShapeForge.Write(Shape, "Q8_0", 1, folder.Of("one.gguf"), threads: 1);
        ShapeForge.Write(Shape, "Q8_0", 1, folder.Of("three.gguf"), threads: 3);
        Assert.That(File.ReadAllBytes(folder.Of("one.gguf")).AsSpan().SequenceEqual(File.ReadAllBytes(folder.Of("three.gguf"))));
    }

    [Test]
    public void A_file_of_a_file_has_its_metadata_and_shapes()
    {
        using var folder = new TemporaryFolder();
        ProbeForge.Write("llama", "F16", 1, folder.Of("probe.gguf"));
        using GgufFile like = GgufFile.Open(folder.Of("probe.gguf"));
        ShapeForge.Write(like, "Q4_K_M", 9, folder.Of("like.gguf"));
        ProbeForge.Write("llama", "Q4_K_M", 1, folder.Of("same.gguf"));
        using GgufFile forged = GgufFile.Open(folder.Of("like.gguf"));
        using GgufFile same = GgufFile.Open(folder.Of("same.gguf"));
        Assert.Multiple(() =>
        {
            Assert.That(forged.Tensors.Select(t => (t.Name, t.TypeName, t.ElementCount)), Is.EqualTo(same.Tensors.Select(t => (t.Name, t.TypeName, t.ElementCount))));
            Assert.That(forged.Metadata.GetStrings("tokenizer.ggml.tokens").AsStrings(), Is.EqualTo(same.Metadata.GetStrings("tokenizer.ggml.tokens").AsStrings()));
            Assert.That(forged.GetBytes(forged.GetTensor("rope_freqs.weight")).SequenceEqual(same.GetBytes(same.GetTensor("rope_freqs.weight"))), "copied");
            Assert.That(forged.Metadata.GetNumber<ulong>("harness.forge.seed"), Is.EqualTo(9));
        });
    }

    [Test]
    public void A_vocabulary_too_small_to_work_is_refused() =>
        Assert.That(
            () => ShapeForge.Write(Shape with { Vocabulary = 100 }, "F16", 1, "x"), Throws.TypeOf<ForgeException>().With.Message.Contains("vocabulary"));

    [Test]
    public void Progress_ends_at_the_whole_file()
    {
        using var folder = new TemporaryFolder();
        var progress = new Last();
        ShapeForge.Write(Shape, "F16", 1, folder.Of("like.gguf"), 2, progress);
        Assert.Multiple(() =>
        {
            Assert.That(progress.Most.Written, Is.EqualTo(progress.Most.Total));
            Assert.That(progress.Most.Total, Is.EqualTo(new FileInfo(folder.Of("like.gguf")).Length));
        });
    }

    private sealed class Last : IProgress<ForgeProgress>
    {
        public ForgeProgress Most { get; private set; }

        public void Report(ForgeProgress value)
        {
            lock (this)
                Most = value.Written > Most.Written ? value : Most;
        }
    }
}
