using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Harness.Formats.Forging;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>What users of <c>harness quantize</c> rely on.</summary>
public class QuantizeCommandSpecs
{
    private readonly BuiltHarness _harness = new();

    [OneTimeSetUp]
    public void Forge() => ProbeForge.Write("llama", "F16", 1, Model);

    [OneTimeTearDown]
    public void Clean() => _harness.Dispose();

    private string Model => Path.Combine(_harness.Directory, "model.gguf");

    [Test]
    public void A_family_means_its_middle_member_as_in_llama_cpp()
    {
        string target = Path.Combine(_harness.Directory, "q4.gguf");
        (int status, string output, string error) = _harness.Run("quantize", Model, target, "q4_k", "--tensor", "*attn_q*=Q8_0", "--json");
        Assert.That(status, Is.Zero, error);
        Assert.That(error, Is.Empty, "no progress where there is no terminal");
        JsonElement answer = JsonDocument.Parse(output).RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(answer.GetProperty("quantization").GetString(), Is.EqualTo("Q4_K_M"));
            Assert.That(Type("blk.0.attn_q.weight"), Is.EqualTo("Q8_0"));
            Assert.That(Type("output.weight"), Is.EqualTo("Q6_K"));
            Assert.That(Type("blk.0.attn_norm.weight"), Is.EqualTo("F32"));
            Assert.That(answer.GetProperty("bitsPerWeight").GetDouble(), Is.InRange(4.5, 6));
            Assert.That(new FileInfo(target).Length, Is.GreaterThan(answer.GetProperty("bytes").GetInt64()));
        });

        string? Type(string name) => answer.GetProperty("tensors").EnumerateArray().Single(t => t.GetProperty("name").GetString() == name).GetProperty("to").GetString();
    }

    /// <summary>Forging stands for all that write models: it needs no large source.</summary>
    [Test]
    [Platform(Exclude = "Win")]
    public void What_is_interrupted_leaves_no_half_of_a_file()
    {
        string target = Path.Combine(_harness.Directory, "large.gguf");
        using Process process = _harness.Start("forge", "--like", "qwen2.5-0.5b", "--quant", "F16", "--out", target);
        Assert.That(() => File.Exists(target + ".partial"), Is.True.After(20_000, 20), "it has begun");
        using (Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        Assert.That(process.WaitForExit(20_000), Is.True);
        Assert.That(process.ExitCode, Is.EqualTo(ExitStatus.Interrupted));
        Assert.That(Directory.EnumerateFiles(_harness.Directory, "large*"), Is.Empty);
    }

    [Test]
    public void A_dry_run_shows_the_types_and_writes_nothing()
    {
        string target = Path.Combine(_harness.Directory, "dry.gguf");
        (int status, string output, string error) = _harness.Run("quantize", Model, target, "IQ4_XS", "--dry-run");
        Assert.That(status, Is.Zero, error);
        Assert.That(output, Does.Contain("IQ4_XS").And.Contain("blk.0.ffn_down.weight").And.Contain("nothing written"));
        Assert.That(File.Exists(target), Is.False);
    }

    [TestCase("Q9", 2, "there is no quantization 'Q9'")]
    [TestCase("IQ2_XXS", 2, "can be read and run, but not written")]
    [TestCase("Q2_K_S", 1, "--imatrix")]
    public void What_cannot_be_made_is_said_with_what_to_do(string type, int expected, string word)
    {
        (int status, _, string error) = _harness.Run("quantize", Model, Path.Combine(_harness.Directory, "x.gguf"), type);
        Assert.That(status, Is.EqualTo(expected));
        Assert.That(error, Does.Contain(word));
    }
}
