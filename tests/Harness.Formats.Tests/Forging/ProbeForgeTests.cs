using System.Security.Cryptography;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Forging;

/// <summary>Probe models: the same bytes everywhere, sane numbers, a tokenizer that fits.</summary>
public class ProbeForgeTests
{
    private static IEnumerable<TestCaseData> Probes() =>
        from architecture in ProbeForge.Architectures
        from variant in ProbeForge.Variants(architecture)
        select new TestCaseData(architecture, variant);

    // A change of these digests is a change of the algorithm: raise ProbeForge.Version and say so.
    [TestCase("llama", "F32", "80a9289f33400aa323976feaec52a174b50569bfea7470922b8f6ccc79ee49df")]
    [TestCase("llama", "F16", "7400e95cc687091f62202e42e7020aa45ccf8c030596ac1ceb65923a6f8997f4")]
    [TestCase("llama", "Q8_0", "4fdc073827a26785fbd1b47716ae07159dd85ad417c8a975f06c48ac8a7e56a4")]
    [TestCase("llama", "Q4_K_M", "5bced5248599ab7065ff3b3ab033cc94e6bbe7d52f43c0f6133bfdc8e39a022b")]
    [TestCase("qwen2", "BF16", "198b906ba1e846cb5ed06249be0837a0d51f86428dd05cea0beeee5a6c7043ca")]
    [TestCase("qwen2", "Q4_0", "abce65dc4d6f6d2a0dcfe65c7d17e641c3f7f1953cb78f0f9f925e2cacac4f7d")]
    [TestCase("qwen2", "Q5_K_M", "60d19408ad61fa9f577d07bc16a8cf184c34d7c6c84f9a727bb0989ce332156b")]
    [TestCase("qwen2", "Q6_K", "032e83e30c98c52ccb6deef1a1193cad945b7bf0795ad0f36bf7db6a80f7c34f")]
    public void The_bytes_of_a_probe_never_change(string architecture, string quantization, string digest) =>
        Assert.That(Digest(architecture, quantization, seed: 1), Is.EqualTo(digest));

    [Test]
    public void Architectures_are_sorted_and_their_variants_differ()
    {
        Assert.That(ProbeForge.Architectures, Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal).And.Unique);
        foreach (string architecture in ProbeForge.Architectures)
            Assert.That(ProbeForge.Variants(architecture), Is.Unique, architecture);
    }

    [Test]
    public void Another_seed_makes_another_model() =>
        Assert.That(Digest("llama", "Q8_0", seed: 2), Is.Not.EqualTo(Digest("llama", "Q8_0", seed: 1)));

    [TestCaseSource(nameof(Probes))]
    public void A_probe_has_unequal_lengths_and_a_whole_tokenizer(string architecture, string variant)
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = Forge(folder, architecture, "Q4_K", variant);
        CheckTokenizer(file, architecture);

        // A count a layer is not compared: those of the layers differ from each other already.
        long? Of(string key) =>
            file.Metadata.TryGet($"{architecture}.{key}", out GgufValue? given) && given.Type != GgufValueType.Array
            && file.Metadata.TryGetNumber($"{architecture}.{key}", out long value) && value > 0 ? value : null;
        long? heads = Of("attention.head_count"), kvHeads = Of("attention.head_count_kv"), keyLength = Of("attention.key_length");
        List<long?> lengths =
        [
            Of("block_count"), Of("embedding_length"), Of("feed_forward_length"), Of("context_length"), heads, keyLength,
            file.Metadata.GetStrings("tokenizer.ggml.tokens").Count,
        ];

        // Some architectures have as many heads of keys and values as queries, some only one.
        if (kvHeads != heads)
            lengths.AddRange([kvHeads, heads / kvHeads == heads ? null : heads / kvHeads, kvHeads == 1 ? null : kvHeads * keyLength]);
        long matrices = 0, superBlocks = 0;
        foreach (GgufTensor tensor in file.Tensors.Where(t => QuantizedTensors.Contain(t.Name, t.Shape)))
        {
            matrices += tensor.ElementCount;
            superBlocks += tensor.RowLength % 256 == 0 ? tensor.ElementCount : 0;
        }

        Assert.Multiple(() =>
        {
            Assert.That(lengths.Where(length => length is not null), Is.Unique);
            // Architectures that are known by a great depth alone have narrow probes.
            if (Of("embedding_length") % 256 == 0)
                Assert.That(superBlocks, Is.GreaterThan(0.7 * matrices), "most rows are multiples of 256, so that K-quants are tried");
            Assert.That(file.Tensors.Sum(t => t.ElementCount), Is.LessThan(6_200_000), "parameters");
        });
    }

    private static void CheckTokenizer(GgufFile file, string architecture)
    {
        GgufMetadata metadata = file.Metadata;
        GgufStringArray tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        int[] types = metadata.GetArray<int>("tokenizer.ggml.token_type").ToArray();
        var all = tokens.AsStrings().ToHashSet(StringComparer.Ordinal);
        Assert.Multiple(() =>
        {
            Assert.That(types, Has.Length.EqualTo(tokens.Count));
            Assert.That(all, Has.Count.EqualTo(tokens.Count), "no token twice");
            Assert.That(file.Tensors.First(t => t.Name is "token_embd.weight" or "output.weight").RowCount, Is.EqualTo(tokens.Count));
            Assert.That(metadata.GetUInt32($"{architecture}.vocab_size"), Is.EqualTo(tokens.Count));
            Assert.That(types[metadata.GetUInt32("tokenizer.ggml.eos_token_id")], Is.EqualTo(3));
            Assert.That(types[metadata.GetUInt32("tokenizer.ggml.bos_token_id")], Is.EqualTo(3));
            if (metadata.TryGetStrings("tokenizer.ggml.merges", out GgufStringArray? merges))
            {
                foreach (string[] pair in merges.AsStrings().Select(m => m.Split(' ')))
                {
                    Assert.That(pair, Has.Length.EqualTo(2));
                    Assert.That(all, Does.Contain(pair[0]).And.Contain(pair[1]).And.Contain(pair[0] + pair[1]));
                }
            }
            else
            {
                Assert.That(types.Count(t => t == 6), Is.EqualTo(256), "a token for each byte");
                Assert.That(metadata.GetArray<float>("tokenizer.ggml.scores").Length, Is.EqualTo(tokens.Count));
            }
        });
    }

    [Test]
    public void The_file_says_it_was_forged_and_how()
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = Forge(folder, "qwen2", "Q5_K", "untied");
        GgufMetadata metadata = file.Metadata;
        Assert.Multiple(() =>
        {
            Assert.That(metadata.GetString("harness.origin"), Is.EqualTo("forged"));
            Assert.That(metadata.GetUInt32("harness.forge.version"), Is.EqualTo(ProbeForge.Version));
            Assert.That(metadata.GetNumber<ulong>("harness.forge.seed"), Is.EqualTo(1));
            Assert.That(metadata.GetString("harness.forge.architecture"), Is.EqualTo("qwen2"));
            Assert.That(metadata.GetString("harness.forge.variant"), Is.EqualTo("untied"));
        });
    }

    [TestCaseSource(typeof(ProbeForge), nameof(ProbeForge.Quantizations))]
    public void Decoded_weights_spread_as_their_inputs_ask(string quantization)
    {
        using var folder = new TemporaryFolder();
        using GgufFile file = Forge(folder, "llama", quantization, "rope-freqs");
        foreach (GgufTensor tensor in file.Tensors.Where(t => t.Name.Contains("ffn_gate") || t.Name.Contains("ffn_up") || t.Name.Contains("attn_v")))
        {
            float[] values = Decode(file, tensor);
            double mean = values.Average(v => (double)v);
            double deviation = Math.Sqrt(values.Average(v => ((double)v - mean) * (v - mean)));
            double expected = 1 / Math.Sqrt(tensor.RowLength);
            Assert.Multiple(() =>
            {
                Assert.That(Array.TrueForAll(values, float.IsFinite), tensor.Name);
                Assert.That(deviation, Is.EqualTo(expected).Within(12).Percent, $"{tensor.Name} {tensor.TypeName}");
                Assert.That(Math.Abs(mean), Is.LessThan(0.03 * expected), $"{tensor.Name} {tensor.TypeName}");
            });
        }
    }

    [Test]
    public void F32_F16_and_BF16_hold_the_same_values_as_far_as_they_can()
    {
        using var folder = new TemporaryFolder();
        float[] Values(string quantization)
        {
            using GgufFile file = Forge(folder, "llama", quantization, "rope-freqs");
            return Decode(file, file.GetTensor("blk.1.ffn_up.weight"));
        }

        float[] exact = Values("F32");
        float[] half = Values("F16");
        float[] brain = Values("BF16");
        Assert.Multiple(() =>
        {
            for (int i = 0; i < exact.Length; i++)
            {
                // Half a step of binary16's subnormals is 2^-25.
                if (Math.Abs(exact[i] - half[i]) > (Math.Abs(exact[i]) / 2048) + MathF.ScaleB(1, -25) || Math.Abs(exact[i] - brain[i]) > Math.Abs(exact[i]) / 256)
                    Assert.Fail($"{i}: {exact[i]} {half[i]} {brain[i]}");
            }
        });
    }

    [Test]
    public void What_cannot_be_forged_is_said_with_what_can()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => ProbeForge.Write("nonesuch", "F16", 1, "x"), Throws.TypeOf<ForgeException>().With.Message.Contains("llama, ").And.Message.Contains("qwen2, "));
            Assert.That(() => ProbeForge.Write("llama", "Q9", 1, "x"), Throws.TypeOf<ForgeException>().With.Message.Contains("Q4_K_M"));
            Assert.That(() => ProbeForge.Write("llama", "F16", 1, "x", "none"), Throws.TypeOf<ForgeException>().With.Message.Contains("rope-freqs, rope-linear"));
        });
    }

    private static float[] Decode(GgufFile file, GgufTensor tensor)
    {
        Assert.That(TensorFormats.TryGet(tensor.Type!.Value, out TensorFormat? format), tensor.TypeName);
        var values = new float[tensor.ElementCount];
        format!.DecodeScalar(file.GetBytes(tensor), values);
        return values;
    }

    private static GgufFile Forge(TemporaryFolder folder, string architecture, string quantization, string variant)
    {
        string path = folder.Of($"{architecture}-{quantization}-{variant}.gguf");
        ProbeForge.Write(architecture, quantization, seed: 1, path, variant);
        return GgufFile.Open(path);
    }

    private static string Digest(string architecture, string quantization, ulong seed)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Of("probe.gguf");
        ProbeForge.Write(architecture, quantization, seed, path);
        return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
    }
}
