using System.Globalization;
using System.Text.Json;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Workers.Builtin;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>Our quantizer writes what llama.cpp's writes, and what it writes both engines read alike.</summary>
public class QuantizerTests
{
    private const string Ids = "1 17 42 99 3 77 64 5 120 8 31 90 55 2 66 101 12 48 110 7 23 88 35 60";

    /// <summary>Names, and llama.cpp's number and way of making the same.</summary>
    private static readonly (string Name, int FileType, bool Pure)[] Quantizations =
    [
        ("Q8_0", 7, false), ("Q4_0", 2, false), ("Q4_K_M", 15, false), ("Q5_K_M", 17, false), ("Q6_K", 18, false),
        ("Q4_K", 14, true), ("Q5_K", 16, true), ("F16", 1, false), ("BF16", 32, false),
    ];

    private string _directory = "";

    [OneTimeSetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-quantizer-").FullName;

    [OneTimeTearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("llama", "F32", Category = "Soak")]
    [TestCase("llama", "F16", Category = "Soak")]
    [TestCase("qwen2", "F32", Category = "Soak")]
    [TestCase("qwen2", "F16", Category = "Soak")]
    [TestCase("qwen2", "BF16", Category = "Soak")]
    public void A_probe_is_quantized_to_the_same_bytes(string architecture, string source)
    {
        string model = File($"{architecture}-{source}.gguf");
        ProbeForge.Write(architecture, source, 5, model);
        AssertSameTensors(model);
    }

    [TestCase("qwen2", true, "F32")]
    [TestCase("llama", false, "F16")]
    public void So_are_blocks_of_nothing_of_constants_and_with_outliers(string architecture, bool tied, string source) =>
        AssertSameTensors(Awkward(Narrow(architecture, tied) with { Layers = 2, Embedding = 256, FeedForward = 256, Heads = 8 }, source));

    [TestCase("llama", false)]
    [TestCase("qwen2", true)]
    public void Rows_that_are_no_multiple_of_256_fall_back_as_llama_cpp_falls_back(string architecture, bool tied) =>
        AssertSameTensors(Awkward(Narrow(architecture, tied), "F32"));

    [TestCase("Q4_K_M", 15)]
    [TestCase("IQ4_XS", 30)]
    [TestCase("Q2_K_S", 21)]
    [TestCase("Q3_K_M", 12, Category = "Soak")]
    [TestCase("Q5_K_M", 17, Category = "Soak")]
    [TestCase("Q4_0", 2, Category = "Soak")]
    [TestCase("Q5_0", 8, Category = "Soak")]
    [TestCase("IQ4_NL", 25, Category = "Soak")]
    public void So_they_are_under_an_importance_matrix(string quantization, int fileType)
    {
        string model = Awkward(Narrow("llama", tied: false) with { Name = quantization, Layers = 9, Embedding = 256, FeedForward = 256, Heads = 8, KvHeads = 2 }, "F16");
        string theirs = $"{model}.importance.{quantization}", ours = $"{model}.ours.{quantization}";
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(
            TestHome.Directory("v0.5.0"), out string log, "quantize", model, theirs, fileType.ToString(CultureInfo.InvariantCulture), "importance");
        Assert.That(answers.Select(a => a.ToString()), Is.EqualTo(new[] { """{"status":0}""" }), log);
        ModelQuantizer.Quantize(
            model, ours, new QuantizeOptions { Quantization = quantization, Threads = 2, Importance = new ImportanceMatrix(SyntheticImportance.Of(model)) });
        Assert.Multiple(() => Compare(quantization, ours, theirs));
    }

    [Test]
    public void So_is_what_was_quantized_before()
    {
        string plain = Awkward(Narrow("qwen2", tied: true) with { Layers = 2 }, "F32"), once = File("once.gguf"), theirs = File("again-theirs.gguf"), ours = File("again.gguf");
        ModelQuantizer.Quantize(plain, once, "Q8_0");
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(TestHome.Directory("v0.5.0"), out string log, "quantize", once, theirs, "15", "requantize");
        Assert.That(answers.Select(a => a.ToString()), Is.EqualTo(new[] { """{"status":0}""" }), log);
        var options = new QuantizeOptions { Quantization = "Q4_K_M" };
        Assert.That(() => ModelQuantizer.Quantize(once, ours, options), Throws.TypeOf<QuantizeException>().With.Message.Contains("--allow-requantize"));
        ModelQuantizer.Quantize(once, ours, options with { AllowRequantize = true });
        Assert.Multiple(() => Compare("Q4_K_M", ours, theirs));
    }

    [TestCase("llama", "Q4_K_M", "Q5_0")]
    [TestCase("llama", "Q5_K_M", "Q5_1")]
    [TestCase("qwen2", "Q4_K_M", "Q5_0")]
    [TestCase("qwen2", "Q5_K_M", "Q5_1")]
    public void Both_engines_read_what_stands_in_for_super_blocks(string architecture, string quantization, string type)
    {
        string model = File($"stand-in-{architecture}-{quantization}.gguf");
        ShapeForge.Write(Narrow(architecture, tied: architecture == "qwen2"), quantization, 3, model);
        using (GgufFile file = GgufFile.Open(model))
            Assert.That(file.GetTensor("blk.3.attn_q.weight").TypeName, Is.EqualTo(type));

        IReadOnlyList<JsonElement> answers = EngineProcess.Run(TestHome.Directory("v0.5.0"), "load", model, "64", "cpu", "score", Ids);
        float[] expected = EngineProcess.Logits(answers[1]);
        using var engine = new BuiltinEngine();
        engine.Load(new LoadRequest(model, 64, "cpu", Threads: 1));
        var logits = new MemoryStream();
        engine.Score([.. Ids.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture))], logits);
        float[] actual = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(logits.ToArray()).ToArray();
        double error = 0, power = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(actual[i] - (double)expected[i], 2);
            power += Math.Pow(expected[i], 2);
        }

        TestContext.Out.WriteLine($"NMSE {error / power:g3}");
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        // llama.cpp rounds activations to 8 bits; see Tolerance in Harness.Receipts.
        Assert.That(error / power, Is.LessThan(5e-3));
    }

    private static ForgeShape Narrow(string architecture, bool tied) => new()
    {
        Name = "narrow",
        Architecture = architecture,
        Layers = 6,
        Embedding = 224,
        Heads = 7,
        KvHeads = 1,
        HeadDimension = 32,
        FeedForward = 608,
        Vocabulary = 700,
        Context = 512,
        RopeBase = 10_000,
        NormEpsilon = 1e-5f,
        TiedOutput = tied,
        Tokenizer = architecture == "llama" ? ForgedTokenizer.SentencePiece : ForgedTokenizer.BpeQwen2,
    };

    private string Awkward(ForgeShape shape, string source)
    {
        string plain = File($"{shape.Architecture}-{shape.Embedding}-{source}.gguf"), awkward = plain + ".awkward";
        ShapeForge.Write(shape, source, 3, plain);
        AwkwardWeights.Write(plain, awkward);
        return awkward;
    }

    private void AssertSameTensors(string model)
    {
        string Target(string whose, string quantization) => $"{model}.{whose}.{quantization}.gguf";
        string[] steps =
        [
            .. Quantizations.SelectMany(q => new[]
            {
                "quantize", model, Target("llama", q.Name), q.FileType.ToString(CultureInfo.InvariantCulture), q.Pure ? "pure" : "mixed",
            }),
        ];
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(TestHome.Directory("v0.5.0"), out string log, steps);
        Assert.That(answers.Select(a => a.ToString()), Is.All.EqualTo("""{"status":0}""").And.Exactly(Quantizations.Length).Items, log);
        Assert.Multiple(() =>
        {
            foreach ((string name, _, _) in Quantizations)
            {
                ModelQuantizer.Quantize(model, Target("ours", name), name, threads: 2);
                Compare(name, Target("ours", name), Target("llama", name));
            }
        });
    }

    private static void Compare(string quantization, string ours, string theirs)
    {
        using GgufFile actual = GgufFile.Open(ours), expected = GgufFile.Open(theirs);
        Assert.That(actual.Tensors.Select(t => t.Name), Is.EquivalentTo(expected.Tensors.Select(t => t.Name)));
        foreach (GgufTensor tensor in expected.Tensors)
        {
            GgufTensor mine = actual.GetTensor(tensor.Name);
            string what = $"{quantization} {tensor.Name} {tensor.TypeName}";
            Assert.That(mine.TypeName, Is.EqualTo(tensor.TypeName), what);
            if (mine.ByteLength != tensor.ByteLength)
                continue;
            byte[] mineBytes = new byte[tensor.ByteLength], bytes = new byte[tensor.ByteLength];
            actual.Read(mine, 0, mineBytes);
            expected.Read(tensor, 0, bytes);
            int different = mineBytes.Where((value, i) => value != bytes[i]).Count();
            Assert.That(different, Is.Zero, $"{what}: bytes that differ of {bytes.Length}");
        }
    }

    private string File(string name) => Path.Combine(_directory, name);
}
