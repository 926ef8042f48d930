using Harness.Conversion.Tests.HfModels;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>
/// A forged model, laid out as the transformers library lays it out and converted back, is the forged model again: each
/// tensor, and each number of its metadata.
/// </summary>
public class RoundTripTests
{
    private string directory = "";

    private static IEnumerable<TestCaseData> Forged() =>
    [
        .. HfFamilies.All.Where(f => ProbeForge.Architectures.Contains(f.Key)).Select(f => new TestCaseData(f.Key, f.Value.Variant)),
        new TestCaseData("phi3", "long"), new TestCaseData("qwen2", "untied"), new TestCaseData("stablelm", "sequential"), new TestCaseData("gptneox", "sequential"),
        new TestCaseData("gemma3", "full"), new TestCaseData("mpt", "alibi"), new TestCaseData("bloom", "six-heads"), new TestCaseData("command-r", "104b"),
    ];

    [SetUp]
    public void Create() => directory = Directory.CreateTempSubdirectory("harness-conversion-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(directory, recursive: true);

    [TestCaseSource(nameof(Forged))]
    public void WhatIsConvertedIsWhatWasForged(string architecture, string? variant)
    {
        string original = Path.Combine(directory, "original.gguf"), converted = Path.Combine(directory, "converted.gguf");
        ProbeForge.Write(architecture, "F32", 1, original, variant);
        using GgufFile before = GgufFile.Open(original);
        HfFamilies.Save(original, Path.Combine(directory, "model"), shards: 3);
        ModelConverter.Convert(Path.Combine(directory, "model"), converted, new ConversionOptions());
        using GgufFile after = GgufFile.Open(converted);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(after.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal), Is.EqualTo(before.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal)));
            foreach (GgufTensor tensor in before.Tensors)
            {
                if (!after.TryGetTensor(tensor.Name, out GgufTensor? same))
                    continue;
                Assert.That(same.Shape, Is.EqualTo(tensor.Shape), tensor.Name);
                Assert.That(same.TypeName, Is.EqualTo(tensor.TypeName), tensor.Name);
                Assert.That(Farthest(Values(before, tensor), Values(after, same)), Is.LessThanOrEqualTo(1.2e-7f), tensor.Name);
            }

            foreach ((string key, GgufValue value) in before.Metadata.Where(e => e.Key.StartsWith(architecture + ".", StringComparison.Ordinal)))
                Assert.That(Text(after, key), Is.EqualTo(Text(value)).Or.EqualTo(Default(architecture, key, before)), key);

            // What the architecture's name decides, whatever a probe has.
            string decided = architecture == "glm4" ? "tokenizer.ggml.pre" : architecture.StartsWith("gemma", StringComparison.Ordinal) ? "tokenizer.ggml.add_space_prefix" : "";
            SameTokenizers.Compare(before.Metadata, after.Metadata, decided);
        }
    }

    // Where the configuration has no word for what a probe's metadata says all the same, because it is what is meant without it.
    private static string? Default(string architecture, string key, GgufFile before) => key[(architecture.Length + 1)..] switch
    {
        "attention.key_length" or "attention.value_length" or "rope.dimension_count" => null,
        "rope.freq_base" => null,

        // The older word for experts that are the only feed-forward.
        "expert_feed_forward_length" when before.Metadata.GetNumber<int>(key) == before.Metadata.GetNumber<int>($"{architecture}.feed_forward_length") => null,

        // A probe has any number; the configuration's is computed from the two context lengths.
        "rope.scaling.attn_factor" => Text(GgufValue.Of(MathF.Sqrt(1 + (MathF.Log(1024f / Original(before)) / MathF.Log(Original(before)))))),
        _ => "\0",
    };

    private static float Original(GgufFile file) => file.Metadata.GetNumber<float>("phi3.rope.scaling.original_context_length");

    private static string? Text(GgufFile file, string key) => file.Metadata.TryGet(key, out GgufValue? value) ? Text(value) : null;

    private static string Text(GgufValue value) => value.TryAsNumber(out double number)
        ? number.ToString("g6", System.Globalization.CultureInfo.InvariantCulture)
        : value.TryAsArray(out ReadOnlyMemory<double> numbers) ? string.Join(' ', numbers.ToArray())
        : value.TryAsBooleans(out ReadOnlyMemory<bool> flags) ? string.Join(' ', flags.ToArray()) : value.ToString();

    private static float Farthest(float[] a, float[] b) => a.Length == b.Length ? a.Zip(b, (x, y) => MathF.Abs(x - y)).Max() : float.PositiveInfinity;

    private static float[] Values(GgufFile file, GgufTensor tensor)
    {
        TensorFormats.TryGet(tensor.Type!.Value, out TensorFormat? format);
        var values = new float[tensor.ElementCount];
        format!.DecodeScalar(file.GetBytes(tensor), values);
        return values;
    }
}
