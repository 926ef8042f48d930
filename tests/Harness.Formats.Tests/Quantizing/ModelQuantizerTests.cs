using System.Security.Cryptography;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Quantizing;

/// <summary>Quantized files: the same bytes everywhere, the types of llama.cpp's mixtures, and nothing half done.</summary>
public class ModelQuantizerTests
{
    private static readonly ForgeShape Small = new()
    {
        Name = "small",
        Architecture = "qwen2",
        Layers = 3,
        Embedding = 256,
        Heads = 8,
        KvHeads = 2,
        HeadDimension = 32,
        FeedForward = 512,
        Vocabulary = 400,
        Context = 512,
        RopeBase = 10_000,
        NormEpsilon = 1e-6f,
        TiedOutput = true,
        Tokenizer = ForgedTokenizer.BpeQwen2,
    };

    // A change of these digests is a change of the algorithm: raise ModelQuantizer.Version and say so.
    [TestCase("Q8_0", "e768a17bddd512347951a1522732cde4a81083beb236f7defbe9e9ec0c4b0813")]
    [TestCase("Q4_K_M", "e8cb0a9c7b51d65c56eb9727ba03ce948da45536798e3a487e20ee0916d56175")]
    [TestCase("Q6_K", "f6978eced120c29825e107d446a33aa60e29383e4e0426952b883c4a33be574d")]
    public void The_bytes_never_change_whatever_the_threads(string quantization, string digest)
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), one = folder.Of("one.gguf"), two = folder.Of("two.gguf");
        ShapeForge.Write(Small, "F16", 1, source);
        ModelQuantizer.Quantize(source, one, quantization, threads: 1);
        ModelQuantizer.Quantize(source, two, quantization, threads: 2);
        Assert.That(Digest(two), Is.EqualTo(Digest(one)));
        Assert.That(Digest(one), Is.EqualTo(digest));
    }

    [Test]
    public void Values_stay_close_and_what_is_not_quantized_stays_as_it_is()
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), target = folder.Of("target.gguf");
        ShapeForge.Write(Small, "F32", 1, source);
        ModelQuantizer.Quantize(source, target, "Q8_0");
        using GgufFile before = GgufFile.Open(source), after = GgufFile.Open(target);
        Assert.That(after.Tensors.Select(t => t.Name), Is.EqualTo(before.Tensors.Select(t => t.Name)));
        foreach (GgufTensor tensor in before.Tensors)
        {
            GgufTensor quantized = after.GetTensor(tensor.Name);
            Assert.That(quantized.Type, Is.EqualTo(tensor.Shape.Length > 1 ? TensorType.Q8_0 : tensor.Type), tensor.Name);
            float[] expected = Values(before, tensor), actual = Values(after, quantized);
            float largest = expected.Max(MathF.Abs);
            Assert.That(
                expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max(), Is.LessThanOrEqualTo(largest * 0.005f), tensor.Name);
        }
    }

    [TestCase("Q4_K_M", "Q5_0")]
    [TestCase("Q5_K_M", "Q5_1")]
    [TestCase("Q6_K", "Q8_0")]
    public void Rows_that_are_no_multiple_of_256_get_smaller_blocks(string quantization, string type)
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), target = folder.Of("target.gguf");
        ShapeForge.Write(Small with { Embedding = 224, Heads = 7, KvHeads = 1 }, "F16", 1, source);
        ModelQuantizer.Quantize(source, target, quantization);
        using GgufFile file = GgufFile.Open(target);
        Assert.That(file.GetTensor("blk.1.attn_q.weight").TypeName, Is.EqualTo(type));
        Assert.That(file.GetTensor("token_embd.weight").TypeName, Is.EqualTo("Q8_0"));
    }

    [Test]
    public void A_quantized_file_says_what_it_is()
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), target = folder.Of("target.gguf");
        ShapeForge.Write(Small, "F16", 1, source);
        ModelQuantizer.Quantize(source, target, "q4_k_m");
        using GgufFile file = GgufFile.Open(target);
        Assert.Multiple(() =>
        {
            Assert.That(file.Metadata.GetUInt32("general.file_type"), Is.EqualTo(15));
            Assert.That(file.Metadata.GetUInt32("harness.quantizer.version"), Is.EqualTo(ModelQuantizer.Version));
            Assert.That(file.Metadata.GetString("harness.origin"), Is.EqualTo("forged"), "random weights stay random");
            Assert.That(file.GetTensor("blk.2.ffn_down.weight").TypeName, Is.EqualTo("Q6_K"));
        });
    }

    [Test]
    public void Ended_early_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), target = folder.Of("target.gguf");
        ShapeForge.Write(Small, "F16", 1, source);
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        Assert.That(
            () => ModelQuantizer.Quantize(source, target, "Q4_K_M", cancellation: ended.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFiles(Path.GetDirectoryName(target)!), Has.Length.EqualTo(1));
    }

    private static float[] Values(GgufFile file, GgufTensor tensor)
    {
        var bytes = new byte[tensor.ByteLength];
        file.Read(tensor, 0, bytes);
        var values = new float[tensor.ElementCount];
        Assert.That(TensorFormats.TryGet(tensor.Type!.Value, out TensorFormat? format), Is.True);
        format!.Decode(bytes, values);
        return values;
    }

    private static string Digest(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
