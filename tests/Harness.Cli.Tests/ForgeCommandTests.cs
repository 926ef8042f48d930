using System.Security.Cryptography;
using System.Text.Json;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness forge</c>: the built program, in a directory of its own.</summary>
public sealed class ForgeCommandTests
{
    private BuiltHarness _harness = null!;

    private string Place => _harness.Directory;

    [SetUp]
    public void MakeDirectory() => _harness = new BuiltHarness();

    [TearDown]
    public void RemoveDirectory() => _harness.Dispose();

    [Test]
    public void A_probe_is_written_and_described()
    {
        (int status, string output, string error) = Run("forge", "--arch", "qwen2", "--quant", "Q4_K_M", "--seed", "7", "--out", "probe.gguf", "--json");
        Assert.That(status, Is.Zero, error);
        JsonElement probe = JsonDocument.Parse(output).RootElement;
        byte[] file = File.ReadAllBytes(Path.Combine(Place, "probe.gguf"));
        Assert.Multiple(() =>
        {
            Assert.That(probe.GetProperty("sha256").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(file))));
            Assert.That(probe.GetProperty("variant").GetString(), Is.EqualTo("tied"));
            Assert.That(probe.GetProperty("bytes").GetInt64(), Is.EqualTo(file.Length));
            Assert.That(GgufHeader.Parse(file).Metadata.GetNumber<ulong>("harness.forge.seed"), Is.EqualTo(7));
        });
    }

    [Test]
    public void What_can_be_forged_is_listed()
    {
        (int status, string output, string error) = Run("forge", "--list");
        Assert.That(status, Is.Zero, error);
        Assert.That(output, Does.Match("(?m)^llama +rope-freqs, rope-linear").And.Match("(?m)^qwen2 +tied, untied"));
        JsonElement list = JsonDocument.Parse(Run("forge", "--list", "--json").Output).RootElement;
        Assert.That(list.GetProperty("qwen2").EnumerateArray().Select(v => v.GetString()), Is.SupersetOf(new[] { "tied", "untied" }));
    }

    [Test]
    public void A_file_in_the_shape_of_a_file_is_written()
    {
        Assert.That(Run("forge", "--arch", "llama", "--quant", "F16", "--out", "probe.gguf").Status, Is.Zero);
        (int status, string output, string error) = Run("forge", "--like", "probe.gguf", "--quant", "Q8_0", "--out", "like.gguf");
        Assert.That(status, Is.Zero, error);
        Assert.That(output, Does.StartWith("like.gguf").And.Contain("MB"));
        Assert.That(Directory.GetFiles(Place, "*.partial"), Is.Empty);
    }

    private static readonly object[][] WrongCommandLines =
    [
        [new[] { "--arch", "nonesuch", "--quant", "F16", "--out", "x" }, "nonesuch", "llama, "],
        [new[] { "--arch", "llama", "--quant", "Q9", "--out", "x" }, "Q9", "Q4_K_M"],
        [new[] { "--arch", "llama", "--variant", "odd", "--quant", "F16", "--out", "x" }, "odd", "rope-freqs, rope-linear"],
        [new[] { "--quant", "F16", "--out", "x" }, "--arch", "--like"],
        [new[] { "--arch", "llama", "--like", "nano", "--quant", "F16", "--out", "x" }, "exactly one", "--like"],
        [new[] { "--like", "no-such-model", "--quant", "F16", "--out", "x" }, "no-such-model", "qwen2.5-0.5b"],
        [new[] { "--arch", "llama", "--quant", "F16" }, "--out", "harness forge --help"],
        [new[] { "--arch", "llama", "--quant", "F16", "--seed", "minus", "--out", "x" }, "minus", "harness forge --help"],
    ];

    [TestCaseSource(nameof(WrongCommandLines))]
    public void A_wrong_command_line_ends_with_status_2_and_says_what_is_possible(string[] arguments, string what, string remedy)
    {
        (int status, string output, string error) = Run(["forge", .. arguments]);
        Assert.That(status, Is.EqualTo(2), error);
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.StartWith("error: ").And.Contain(what).And.Contain(remedy));
        Assert.That(Directory.GetFiles(Place), Is.Empty);
    }

    [Test]
    public void A_place_that_does_not_exist_is_a_wrong_command_line()
    {
        (int status, _, string error) = Run("forge", "--arch", "llama", "--quant", "F16", "--out", Path.Combine("none", "probe.gguf"));
        Assert.That(status, Is.EqualTo(2), error);
        Assert.That(error, Does.StartWith("error: ").And.Contain("--out"));
    }

    private (int Status, string Output, string Error) Run(params string[] arguments)
    {
        Outcome outcome = _harness.Run(arguments);
        return (outcome.Status, outcome.Output, outcome.Error);
    }
}
