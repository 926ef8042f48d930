using Harness.LoopbackHub;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary>MODEL as <c>hf:owner/repo[/file][@revision]</c>, from a hub on the loopback interface.</summary>
public sealed class HubModelSpecs
{
    private BuiltHarness _harness = null!;
    private LoopbackHub.LoopbackHub _hub = null!;

    [SetUp]
    public async Task Make()
    {
        _harness = new BuiltHarness();
        string root = Path.Combine(_harness.Directory, "served");
        foreach ((string repo, string quant) in (ReadOnlySpan<(string, string)>)[("owner/tiny", "F16"), ("owner/tiny", "Q8_0"), ("owner/tiny@v1", "Q4_K_M")])
        {
            string file = Path.Combine(root, repo, $"tiny-{quant}.gguf");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            Assert.That(_harness.Run("forge", "--arch", "llama", "--quant", quant, "--out", file).Status, Is.Zero);
        }

        _hub = await LoopbackHub.LoopbackHub.StartAsync(new LoopbackOptions { Root = root });
        _harness.Environment["HF_ENDPOINT"] = _hub.Endpoint.ToString();
        _harness.Environment["HF_HUB_OFFLINE"] = "0";
    }

    [TearDown]
    public async Task Remove()
    {
        await _hub.DisposeAsync();
        _harness.Dispose();
    }

    [TestCase("hf:owner/tiny --quant Q8_0", "tiny-Q8_0.gguf")]
    [TestCase("hf:owner/tiny/tiny-F16.gguf", "tiny-F16.gguf")]
    [TestCase("hf:owner/tiny@v1", "tiny-Q4_K_M.gguf")]
    public void A_reference_brings_its_file_once(string model, string file)
    {
        string[] line = ["tokenize", .. model.Split(' '), "--jsonl", "-"];
        Outcome first = _harness.RunWith("\"hello\"\n", line);
        Assert.That(first.Status, Is.Zero, first.Error);
        Assert.That(first.Output, Does.StartWith("["));
        Assert.That(Directory.EnumerateFiles(Path.Combine(_harness.Directory, "hub"), "*.gguf", SearchOption.AllDirectories).Select(Path.GetFileName), Is.EqualTo(new[] { file }));
        int bodies = _hub.Log.Count(request => request.Storage && request.Method == "GET");
        Assert.That(_harness.RunWith("\"hello\"\n", line).Output, Is.EqualTo(first.Output));
        Assert.That(_hub.Log.Count(request => request.Storage && request.Method == "GET"), Is.EqualTo(bodies), "it was in the cache");
    }

    [TestCase("hf:owner/tiny", 2, "tiny-F16.gguf", TestName = "A repository with several files lists them")]
    [TestCase("hf:owner/none", 1, "owner/none", TestName = "A repository that is not there is named")]
    public void A_reference_that_fits_no_one_file_says_so(string model, int status, string said)
    {
        Outcome outcome = _harness.Run("logits", model, "--tokens", "1", "--out", "x.f32");
        Assert.That(outcome.Status, Is.EqualTo(status), outcome.Error);
        Assert.That(outcome.Output, Is.Empty);
        Assert.That(outcome.Error, Does.StartWith("error: ").And.Contain(said));
    }

    [Test]
    public void Inspecting_reads_the_header_and_little_more()
    {
        Outcome outcome = _harness.Run("inspect", "hf:owner/tiny/tiny-F16.gguf", "--json");
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        System.Text.Json.JsonElement file = System.Text.Json.JsonDocument.Parse(outcome.Output).RootElement.GetProperty("files")[0];
        long header = file.GetProperty("headerBytes").GetInt64();
        Assert.That(_hub.Log.Where(r => r.Storage && r.Method == "GET").Sum(r => r.Sent), Is.InRange(header, header + (1 << 20)));
        Assert.That(file.GetProperty("bytes").GetInt64(), Is.GreaterThan(header + (4 << 20)), "there was more to read");
        Assert.That(Directory.EnumerateFiles(_harness.Directory, "*.gguf", SearchOption.AllDirectories).Where(f => !f.Contains("served", StringComparison.Ordinal)), Is.Empty);
    }
}
