using Harness.Conversion.Tests.HfModels;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
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

    [Test]
    [Platform("Linux,MacOsX", Reason = "a sparse file of forty gigabytes")]
    public async Task Inspecting_a_file_of_forty_gigabytes_with_a_long_header_reads_no_more_than_a_mebibyte_beyond_it()
    {
        string root = Path.Combine(_harness.Directory, "huge");
        long header = Sparse(Path.Combine(root, "owner", "huge", "huge-F16.gguf"), 40_000_000_000);
        Assert.That(header, Is.GreaterThan(5 << 20), "the vocabulary alone is longer than any first read");
        await using LoopbackHub.LoopbackHub hub = await LoopbackHub.LoopbackHub.StartAsync(new LoopbackOptions { Root = root, LargestHashed = 1 << 20 });
        _harness.Environment["HF_ENDPOINT"] = hub.Endpoint.ToString();
        Outcome outcome = _harness.Run("inspect", "hf:owner/huge/huge-F16.gguf@main", "--json");
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        System.Text.Json.JsonElement file = System.Text.Json.JsonDocument.Parse(outcome.Output).RootElement.GetProperty("files")[0];
        Assert.That(file.GetProperty("headerBytes").GetInt64(), Is.EqualTo(header));
        Assert.That(file.GetProperty("bytes").GetInt64(), Is.GreaterThan(40_000_000_000));
        Assert.That(hub.Log.Where(r => r.Storage && r.Method == "GET").Sum(r => r.Sent), Is.InRange(header, header + (1 << 20)));
    }

    /// <summary>A model whose header says so many bytes of weights, none of which is on the disk.</summary>
    private static long Sparse(string path, long weights)
    {
        var writer = new GgufWriter();
        GgufWriter probe = ProbeForge.Describe("qwen2", "F16", seed: 1);
        GgufHeader.TryParse(probe.HeaderBytes(), probe.FileLength, out GgufHeader? sound, out _);
        const int Tokens = 151_000;
        foreach ((string key, GgufValue value) in sound!.Metadata)
        {
            writer.Set(key, key switch
            {
                "tokenizer.ggml.tokens" => GgufValue.OfStrings(Enumerable.Range(0, Tokens).Select(i => $"a token that is rather long {i}")),
                "tokenizer.ggml.token_type" => GgufValue.OfArray(Enumerable.Repeat(1, Tokens).ToArray()),
                _ => value,
            });
        }

        foreach (GgufTensor tensor in sound.Tensors)
            writer.AddTensor(tensor.Name, tensor.TypeNumber, tensor.Name == "token_embd.weight" ? [tensor.Shape[0], Tokens] : [.. tensor.Shape], (_, bytes) => bytes.Clear());
        writer.AddTensor("blk.0.huge.weight", 1u, [1 << 16, weights / (2 << 16)], (_, bytes) => bytes.Clear());
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        file.Write(writer.HeaderBytes());
        file.SetLength(writer.FileLength);
        GgufHeader.TryParse(writer.HeaderBytes(), writer.FileLength, out GgufHeader? header, out _);
        return header!.HeaderLength;
    }

    [Test]
    public async Task Safetensors_on_the_hub_are_inspected_by_their_headers_as_the_directory_is()
    {
        string root = Path.Combine(_harness.Directory, "hf"), probe = Path.Combine(_harness.Directory, "probe.gguf");
        ProbeForge.Write("qwen2", "F32", 1, probe, HfFamilies.All["qwen2"].Variant);
        HfFamilies.Save(probe, Path.Combine(root, "owner", "tensors"));
        await using LoopbackHub.LoopbackHub hub = await LoopbackHub.LoopbackHub.StartAsync(new LoopbackOptions { Root = root });
        _harness.Environment["HF_ENDPOINT"] = hub.Endpoint.ToString();
        Outcome remote = _harness.Run("inspect", "hf:owner/tensors", "--json"), local = _harness.Run("inspect", Path.Combine(root, "owner", "tensors"), "--json");
        Assert.That((remote.Status, local.Status), Is.EqualTo((0, 0)), remote.Error + local.Error);
        System.Text.Json.JsonElement ours = System.Text.Json.JsonDocument.Parse(remote.Output).RootElement, here = System.Text.Json.JsonDocument.Parse(local.Output).RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(ours.GetProperty("container").GetString(), Is.EqualTo("safetensors"));
            Assert.That(ours.GetProperty("architecture").GetString(), Is.EqualTo("qwen2"));
            Assert.That(ours.GetProperty("tensorTypes")[0].GetProperty("type").GetString(), Is.EqualTo("F32"));
            Assert.That(ours.GetProperty("backends")[0].GetProperty("verdict").GetString(), Is.EqualTo("supported"));
            foreach (string field in (string[])["parameters", "bytes", "tensorTypes", "features", "tokenizer", "template", "backends", "problems"])
                Assert.That(ours.GetProperty(field).ToString(), Is.EqualTo(here.GetProperty(field).ToString()), field);
        });
        long weights = new FileInfo(Directory.EnumerateFiles(Path.Combine(root, "owner", "tensors"), "*.safetensors").Single()).Length;
        Assert.That(hub.Log.Where(r => r.Storage && r.Method == "GET" && r.Path.Contains("safetensors", StringComparison.Ordinal)).Sum(r => r.Sent), Is.LessThan(Math.Min(weights, 1 << 20)));
    }
}
