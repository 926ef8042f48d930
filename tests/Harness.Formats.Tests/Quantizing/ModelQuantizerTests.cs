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

    [TestCase(float.NaN, "Q4_K_M", "NaN")]
    [TestCase(float.PositiveInfinity, "Q8_0", "an infinity")]
    [TestCase(float.NegativeInfinity, "F32", "an infinity")]
    [TestCase(1e30f, "Q8_0", "too large for Q8_0")]
    [TestCase(70000f, "F16", "too large for F16")]
    public void Values_that_no_model_should_hold_are_refused_by_tensor_and_row(float value, string quantization, string word)
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), target = folder.Of("target.gguf");
        ShapeForge.Write(Small, "F32", 1, source);
        using (GgufFile file = GgufFile.Open(source))
        {
            GgufTensor tensor = file.GetTensor("blk.1.ffn_up.weight");
            using FileStream stream = File.OpenWrite(source + ".bad");
            stream.Write(File.ReadAllBytes(source));
            stream.Position = tensor.Offset + (37 * tensor.RowBytes) + (4 * 11);
            stream.Write(BitConverter.GetBytes(value));
        }

        Assert.That(
            () => ModelQuantizer.Quantize(source + ".bad", target, quantization),
            Throws.TypeOf<QuantizeException>().With.Message.Contains(word).And.Message.Contains("row 37").And.Message.Contains("blk.1.ffn_up.weight"));
        Assert.That(File.Exists(target), Is.False);
        Assert.That(File.Exists(target + ".partial"), Is.False);
    }

    [TestCase("Q4_K_M")]
    [TestCase("IQ4_XS")]
    [TestCase("Q3_K_M")]
    [TestCase("TQ1_0")]
    [TestCase("NVFP4")]
    public void A_split_model_is_read_whole_and_in_any_order_of_threads(string quantization)
    {
        using var folder = new TemporaryFolder();
        string source = folder.Of("source.gguf"), whole = folder.Of("whole.gguf"), split = folder.Of("split.gguf");
        ShapeForge.Write(Small, "F16", 1, source);
        IReadOnlyList<string> shards;
        using (GgufFile file = GgufFile.Open(source))
        {
            var writer = new GgufWriter();
            foreach ((string key, GgufValue value) in file.Metadata) writer.Set(key, value);
            foreach (GgufTensor tensor in file.Tensors) writer.AddTensor(tensor.Name, tensor.TypeNumber, tensor.Shape.AsSpan(), (row, rows) => file.Read(tensor, row * tensor.RowBytes, rows));
            shards = writer.SaveShards(folder.Of("sharded"), 10);
        }

        ModelQuantizer.Quantize(source, whole, quantization, threads: 1);
        ModelQuantizer.Quantize(shards[1], split, quantization, threads: 3);
        using GgufFile expected = GgufFile.Open(whole), actual = GgufFile.Open(split);
        foreach (GgufTensor tensor in expected.Tensors)
            Assert.That(actual.GetBytes(actual.GetTensor(tensor.Name)).SequenceEqual(expected.GetBytes(tensor)), tensor.Name);
    }

    [Test]
    public void What_cannot_be_made_is_said_with_what_can()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => ModelQuantizer.Quantize(Probe(), "x", "Q9"), Throws.TypeOf<QuantizeException>().With.Message.Contains("Q4_K_M"));
            Assert.That(() => ModelQuantizer.Quantize(Probe(), "x", "IQ2_XXS"), Throws.TypeOf<QuantizeException>().With.Message.Contains("not written"));
            Assert.That(
                () => ModelQuantizer.Plan(Probe(), new QuantizeOptions { Quantization = "Q4_K_M", Tensors = [("blk.0.atn_q*", TensorType.Q8_0)] }),
                Throws.TypeOf<QuantizeException>().With.Message.Contains("no tensor has a name like 'blk.0.atn_q*'"));
            Assert.That(() => ModelQuantizer.Quantize(Probe(), "x", "Q2_K_S"), Throws.TypeOf<QuantizeException>().With.Message.Contains("--imatrix"));
        });

        static string Probe()
        {
            string path = Path.Combine(Path.GetTempPath(), "harness-quantizer-probe.gguf");
            ProbeForge.Write("llama", "F16", 1, path);
            return path;
        }
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
