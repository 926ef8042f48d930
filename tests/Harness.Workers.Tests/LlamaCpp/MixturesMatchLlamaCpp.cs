using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;
using Harness.Workers.Tests.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>
/// Each tensor gets the type that llama.cpp's quantizer gives it: told by its dry run, for every quantization at once, so
/// that every architecture costs a second.
/// </summary>
public partial class MixturesMatchLlamaCpp
{
    // Dense, fused, tied, with experts, of latent attention, recurrent, of odd parts.
    private static readonly string[] Everyday =
        ["llama", "qwen2", "falcon", "phi3", "gpt-oss", "qwen3moe", "deepseek2", "mamba2", "gemma3n", "rwkv7", "bert", "bailingmoe2"];

    private string _directory = "";

    [OneTimeSetUp]
    public void CreateDirectory() => _directory = Directory.CreateTempSubdirectory("harness-mixtures-").FullName;

    [OneTimeTearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    private static IEnumerable<TestCaseData> Architectures() => ProbeForge.Architectures.Select(a =>
        new TestCaseData(a).SetCategory(Everyday.Contains(a) ? "Everyday" : "Soak"));

    [TestCaseSource(nameof(Architectures))]
    public void For_a_probe_of_every_architecture(string architecture)
    {
        string model = Path.Combine(_directory, $"{architecture}.gguf");
        ProbeForge.Write(architecture, "F16", 5, model);
        AssertSameTypes(model);
    }

    [TestCase("llama", 80, 8, 1, 256, false)]
    [TestCase("llama", 80, 8, 8, 256, false)]
    [TestCase("qwen2", 80, 8, 2, 256, true)]
    [TestCase("llama", 33, 8, 2, 256, true)]
    [TestCase("qwen2", 24, 7, 1, 896, true)]
    [TestCase("llama", 5, 4, 1, 320, false)]
    public void For_depths_groups_and_odd_rows(string architecture, int layers, int heads, int kvHeads, int embedding, bool tied)
    {
        string model = Path.Combine(_directory, $"{architecture}-{layers}-{heads}-{kvHeads}.gguf");
        ShapeForge.Write(
            new ForgeShape
            {
                Name = "odd",
                Architecture = architecture,
                Layers = layers,
                Embedding = embedding,
                Heads = heads,
                KvHeads = kvHeads,
                HeadDimension = embedding / heads / 2 * 2,
                FeedForward = embedding,
                Vocabulary = 700,
                Context = 512,
                RopeBase = 10_000,
                NormEpsilon = 1e-5f,
                TiedOutput = tied,
                Tokenizer = architecture == "llama" ? ForgedTokenizer.SentencePiece : ForgedTokenizer.BpeQwen2,
            },
            "F16", 3, model);
        AssertSameTypes(model);
    }

    [TestCase("llama", 32, 8, 32, 8, true, TestName = "For_the_shape_of_Mixtral_8x7B")]
    [TestCase("llama", 80, 8, 64, 8, false, TestName = "For_eight_experts_in_eighty_layers", Category = "Soak")]
    [TestCase("qwen2moe", 24, 60, 16, 16, false, TestName = "For_the_shape_of_Qwen1_5_MoE", Category = "Soak")]
    [TestCase("qwen3moe", 48, 128, 32, 4, false, TestName = "For_the_shape_of_Qwen3_30B", Category = "Soak")]
    [TestCase("falcon", 32, 0, 71, 1, false, TestName = "For_the_shape_of_Falcon_7B")]
    [TestCase("falcon", 60, 0, 128, 8, true, TestName = "For_the_shape_of_Falcon_40B", Category = "Soak")]
    [TestCase("llama", 80, 0, 64, 8, false, TestName = "For_the_shape_of_Llama_70B")]
    [TestCase("qwen2", 80, 0, 64, 8, false, TestName = "For_the_shape_of_Qwen2_72B", Category = "Soak")]
    [TestCase("deci", 80, 0, 64, 8, false, TestName = "For_the_shape_of_Nemotron_51B", Category = "Soak")]
    [TestCase("gemma2", 46, 0, 32, 16, true, TestName = "For_the_shape_of_Gemma_2_27B", Category = "Soak")]
    [TestCase("gpt-oss", 24, 32, 64, 8, false, TestName = "For_the_shape_of_gpt_oss_20B", Category = "Soak")]
    public void For_the_depths_groups_and_experts_of_published_models(string architecture, int layers, int experts, int heads, int kvHeads, bool tied)
    {
        string model = Path.Combine(_directory, $"{architecture}-{layers}-{experts}.gguf");
        WriteNames(model, architecture, layers, experts, heads, kvHeads, tied);
        AssertSameTypes(model);
    }

    // The rules look at names, shapes and a few numbers: matrices of a few rows do.
    private static void WriteNames(string path, string architecture, int layers, int experts, int heads, int kvHeads, bool tied)
    {
        GgufWriter writer = new GgufWriter().Set("general.architecture", GgufValue.Of(architecture)).Set("tokenizer.ggml.model", GgufValue.Of("no_vocab"));
        (string Key, uint Value)[] numbers =
        [
            ("block_count", (uint)layers), ("context_length", 512), ("embedding_length", 256), ("feed_forward_length", 256), ("attention.head_count", (uint)heads),
            ("attention.head_count_kv", (uint)kvHeads), ("attention.key_length", 64), ("attention.value_length", 64), ("vocab_size", 32), ("attention.sliding_window", 128),
        ];
        foreach ((string key, uint value) in numbers)
            writer.Set($"{architecture}.{key}", GgufValue.Of(value));
        foreach (string key in (string[])["expert_count", "expert_used_count", "expert_feed_forward_length", "expert_shared_feed_forward_length"])
        {
            if (experts > 0)
                writer.Set($"{architecture}.{key}", GgufValue.Of((uint)(key == "expert_count" ? experts : key == "expert_used_count" ? 2 : 256)));
        }

        writer.Set($"{architecture}.attention.layer_norm_rms_epsilon", GgufValue.Of(1e-5f)).Set($"{architecture}.attention.layer_norm_epsilon", GgufValue.Of(1e-5f));
        Matrix("token_embd", 32);
        if (!tied)
            Matrix("output", 32);
        string[] attention = architecture == "falcon" ? ["attn_qkv", "attn_output"] : ["attn_q", "attn_k", "attn_v", "attn_output"];
        string[] feedForward = experts > 0 ? ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"] : architecture == "falcon" ? ["ffn_up", "ffn_down"] : ["ffn_gate", "ffn_up", "ffn_down"];
        for (int i = 0; i < layers; i++)
        {
            foreach (string name in attention)
                Matrix($"blk.{i}.{name}", 4);
            foreach (string name in feedForward)
                Matrix($"blk.{i}.{name}", 1, experts > 0 ? experts : 1);
            if (experts > 0)
                Matrix($"blk.{i}.ffn_gate_inp", experts);
        }

        writer.Save(path);

        void Matrix(string name, int rows, int stack = 1) =>
            writer.AddTensor($"{name}.weight", TensorType.F16, stack > 1 ? [256, rows, stack] : rows > 1 ? [256, rows] : [256, 2], new byte[512 * Math.Max(rows, stack > 1 ? 1 : 2) * stack]);
    }

    private static void AssertSameTypes(string model)
    {
        // With importances where llama.cpp refuses to go on without.
        (Mixture Mixture, bool Importance)[] tries =
        [
            .. Mixture.All.Where(m => m.IsQuantized && m.Name != "NVFP4" && !NeedsImportance(m.Name)).Select(m => (m, false)),
            .. Mixture.All.Where(m => m.IsQuantized && !m.Pure).Select(m => (m, true)),
        ];
        string directory = TestHome.Directory("v0.5.0");
        string[] steps = [.. tries.SelectMany(t => new[]
        {
            "quantize", model, "none", t.Mixture.FileType.ToString(CultureInfo.InvariantCulture),
            "dry" + (t.Mixture.Pure ? ",pure" : "") + (t.Importance ? ",importance" : ""),
        })];
        IReadOnlyList<JsonElement> answers = EngineProcess.Run(directory, out string log, steps);
        Assert.That(answers, Has.Count.EqualTo(tries.Length), log);
        string[] runs = log.Split("harness: quantize")[1..];
        using GgufFile file = GgufFile.Open(model);
        var facts = MixtureFacts.Of(file.Metadata);
        int compared = 0;
        var different = new List<string>();
        foreach (((Mixture mixture, bool importance), JsonElement answer, string run) in tries.Zip(answers, runs))
        {
            // It has nothing to fall back to from types of small blocks; F16 is ours.
            bool ended = answer.ToString() != """{"status":0}""";
            if (ended && run.Contains("no tensor type fallback", StringComparison.Ordinal)) continue;
            Assert.That(ended, Is.False, $"{mixture.Name}: {run}");
            IReadOnlyDictionary<string, TensorType> ours = mixture.TypesOf(
                facts, file.Tensors.Select(t => (t.Name, (IReadOnlyList<long>)t.Shape)), new() { HasImportance = importance });
            Dictionary<string, string> theirs = TypesOf(run);
            foreach (GgufTensor tensor in file.Tensors)
            {
                string expected = theirs.GetValueOrDefault(tensor.Name) ?? tensor.TypeName;
                string actual = ours.TryGetValue(tensor.Name, out TensorType type) ? type.ToString() : tensor.TypeName;
                compared++;
                if (!string.Equals(actual, expected, StringComparison.OrdinalIgnoreCase))
                    different.Add($"{mixture.Name}{(importance ? " with importances" : "")} {tensor.Name} [{string.Join(", ", tensor.Shape)}]: {actual}, not {expected}");
            }
        }

        Assert.That(different, Is.Empty);
        Assert.That(compared, Is.GreaterThan(10 * file.Tensors.Count), "types compared");
    }

    private static bool NeedsImportance(string name) =>
        name is "Q2_K_S" or "IQ1_S" or "IQ1_M" or "IQ2_XXS" or "IQ2_XS" or "IQ2_S" or "IQ2_M" or "IQ3_XXS" or "IQ3_XS";

    // [   3/  35] blk.0.attn_k.weight - [256, 192, 1, 1], type = f16, size = 0.09 MiB -> 0.03 MiB (q4_K)
    private static Dictionary<string, string> TypesOf(string log) =>
        Line().Matches(log).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["type"].Value);

    [GeneratedRegex(@"\[ *\d+/ *\d+\] (?<name>\S+) +- \[[^\]]*\], type = +\S+, size = .*? -> .*?\((?<type>\S+)\)")]
    private static partial Regex Line();
}
