using System.Runtime.InteropServices;
using Harness.Engine.Tests;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness logits</c>: what scripts rely on.</summary>
[NonParallelizable]
internal sealed class LogitsCommandSpecs
{
    private string folder = string.Empty;

    [SetUp]
    public void CreateFolder() => folder = Directory.CreateTempSubdirectory("harness-logits-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    [Test]
    public void Writes_tokens_times_vocabulary_floats_without_a_tokenizer()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1);
        string one = Path.Combine(folder, "one.f32");
        string two = Path.Combine(folder, "two.f32");
        Assert.That(Run("logits", tiny.Path, "--tokens", "1 17 42", "--out", one, "--threads", "1").Status, Is.Zero);
        Assert.That(Run("logits", tiny.Path, "--tokens", "1,17,42", "--out", two, "--threads", "3", "--json").Status, Is.Zero);

        byte[] bytes = File.ReadAllBytes(one);
        Assert.That(bytes, Has.Length.EqualTo(3 * tiny.Shape.Vocabulary * sizeof(float)));
        Assert.That(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), Has.All.Matches<float>(float.IsFinite));
        Assert.That(File.ReadAllBytes(two), Is.EqualTo(bytes), "the number of threads changes nothing");
    }

    [TestCase("1 x 3", "'x'")]
    [TestCase("", "no token ids")]
    [TestCase("1 -2", "-2")]
    [TestCase("1 67", "67")]
    [TestCase("99999999999999", "99999999999999")]
    public void Wrong_ids_are_a_wrong_command_line(string tokens, string said)
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1);
        (int status, string error) = Run("logits", tiny.Path, "--tokens", tokens, "--out", Path.Combine(folder, "x.f32"));
        Assert.That(status, Is.EqualTo(ExitStatus.Usage));
        Assert.That(error, Does.StartWith("error: ").And.Contain(said).And.Contain("--tokens"));
        Assert.That(Directory.EnumerateFileSystemEntries(folder), Is.Empty);
    }

    [Test]
    public void So_are_other_mistakes_in_it()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1);
        string output = Path.Combine(folder, "x.f32");
        Assert.Multiple(() =>
        {
            AssertUsage("no such file", "logits", Path.Combine(folder, "none.gguf"), "--tokens", "1", "--out", output);
            AssertUsage("cannot be written", "logits", tiny.Path, "--tokens", "1", "--out", Path.Combine(folder, "none", "x.f32"));
            AssertUsage("cannot be written", "logits", tiny.Path, "--tokens", "1", "--out", folder);
            AssertUsage("threads", "logits", tiny.Path, "--tokens", "1", "--out", output, "--threads", "0");
            AssertUsage("builtin", "logits", tiny.Path, "--tokens", "1", "--out", output, "--backend", "nonesuch");
            AssertUsage("--out", "logits", tiny.Path, "--tokens", "1");
            AssertUsage("--tokens", "logits", tiny.Path, "--out", output);
        });
        Assert.That(Directory.EnumerateFileSystemEntries(folder), Is.Empty);

        static void AssertUsage(string said, params string[] args)
        {
            (int status, string error) = Run(args);
            Assert.That(status, Is.EqualTo(ExitStatus.Usage), string.Join(' ', args));
            Assert.That(error, Does.Contain(said));
        }
    }

    [Test]
    public void A_model_that_cannot_run_leaves_what_was_there()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1, w => w.Set("general.architecture", GgufValue.Of("nonesuch")));
        string output = Path.Combine(folder, "x.f32");
        File.WriteAllText(output, "before");
        (int status, string error) = Run("logits", tiny.Path, "--tokens", "1", "--out", output);
        Assert.That(status, Is.EqualTo(ExitStatus.Unexpected));
        Assert.That(error, Does.Contain("'nonesuch'").And.Contain(tiny.Path));
        Assert.That(File.ReadAllText(output), Is.EqualTo("before"));
        Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_damaged_file_is_said_to_be_damaged()
    {
        using TinyModel tiny = new(new TinyShape(), seed: 1);
        byte[] bytes = File.ReadAllBytes(tiny.Path);
        string damaged = Path.Combine(folder, "damaged.gguf");
        foreach (int length in (int[])[0, 3, 20, 200, 1000, bytes.Length / 2, bytes.Length - 1000])
        {
            File.WriteAllBytes(damaged, bytes[..length]);
            (int status, string error) = Run("logits", damaged, "--tokens", "1", "--out", Path.Combine(folder, "x.f32"));
            Assert.That(status, Is.EqualTo(ExitStatus.Unexpected), $"{length} bytes");
            Assert.That(error, Does.StartWith("error: ").And.Contain(damaged));
        }
    }

    private static (int Status, string Error) Run(params string[] args)
    {
        TextWriter output = Console.Out;
        TextWriter error = Console.Error;
        using StringWriter written = new();
        try
        {
            Console.SetOut(TextWriter.Null);
            Console.SetError(written);
            return (HarnessCommand.Run(args), written.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
