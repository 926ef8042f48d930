using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Hub;
using Harness.LoopbackHub;
using Harness.Receipts;
using Harness.Receipts.Verdicts;
using Harness.Runner.Variants;
using Harness.Workers.Memory;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Runner.Tests;

/// <summary>What a header decides before a weight is fetched.</summary>
internal sealed class VariantSpecs
{
    private ScratchRun _run = null!;

    [SetUp]
    public void Prepare() => _run = new ScratchRun();

    [TearDown]
    public void Remove() => _run.Dispose();

    [Test]
    public async Task WhatTheBuiltInEngineAloneDoesNotSupportIsUnsupportedAndNotFetched()
    {
        Publish(w => w.Set("general.architecture", GgufValue.Of("mystery")));
        await using Loopback hub = await ServeAsync();
        var backends = new DummyBackends();
        (Receipt receipt, Verdict verdict) = (await _run.RunAsync(
            backends, new() { Models = ["remote"], Quants = ["Q8_0"], Backends = ["builtin"] })).Single();

        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Unsupported), verdict.Reason);
        Assert.That(verdict.Reason, Does.Contain("mystery"));
        Assert.That(receipt.Stages.Select(s => $"{s.Stage} {s.Outcome}"), Is.EqualTo(new[] { "Resolve Ok", "Inspect Ok", "Fetch Skipped", "Load Failed" }));
        Assert.That(hub.Log.Where(r => r.Storage).Sum(r => r.Sent), Is.LessThan(Size / 2), "the header only");
        Assert.That(hub.Log.Where(r => r.Storage).Select(r => r.Range), Has.All.Match(@"^bytes=\d+-\d+$"));
    }

    [Test]
    public async Task ItIsFetchedWhenAnotherEngineMaySupportIt()
    {
        Publish(w => w.Set("general.architecture", GgufValue.Of("mystery")));
        await using Loopback hub = await ServeAsync();
        var done = await _run.RunAsync(new DummyBackends(), new() { Models = ["remote"], Quants = ["Q8_0"], Backends = ["builtin", "llama.cpp@b1"] });
        Assert.That(
            done.OrderBy(d => d.Receipt.Cell.Backend, StringComparer.Ordinal).Select(d => d.Verdict.Kind),
            Is.EqualTo(new[] { VerdictKind.Unsupported, VerdictKind.Runs }));
        Assert.That(hub.Log.Where(r => r.Storage).Sum(r => r.Sent), Is.GreaterThanOrEqualTo(Size));
    }

    [Test]
    public async Task WhatDoesNotFitIsBlockedWithThePartsOfTheEstimateAndNotFetched()
    {
        Publish();
        await using Loopback hub = await ServeAsync();
        (Receipt receipt, Verdict verdict) = (await _run.RunAsync(
            new DummyBackends(), new() { Models = ["remote"], Quants = ["Q8_0"], Backends = ["builtin"] }, memory: 50_000_000)).Single();

        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Blocked));
        Assert.That(verdict.Stage, Is.EqualTo("fit"));
        Assert.That(verdict.Reason, Does.Match(@"estimated to need [\d.]+ MB on builtin \([\d.]+ MB weights, ([\d.]+ MB weights repacked, )?[\d.]+ MB KV cache, [\d.]+ MB compute, [\d.]+ MB process\), 50 MB can be used"));
        Assert.That(receipt.Stages[^1].Failure!.Kind, Is.EqualTo(FailureKind.Blocked));
        Assert.That(hub.Log.Where(r => r.Storage).Sum(r => r.Sent), Is.LessThan(Size / 2));
    }

    [Test]
    public async Task AHeaderThatIsNoneFailsAtInspect()
    {
        string path = RemotePath();
        File.WriteAllBytes(path, [.. "<html>not a model</html>"u8, .. new byte[100_000]]);
        await using Loopback hub = await ServeAsync();
        (_, Verdict verdict) = (await _run.RunAsync(
            new DummyBackends(), new() { Models = ["remote"], Quants = ["Q8_0"], Backends = ["builtin"] })).Single();
        Assert.That((verdict.Kind, verdict.Stage), Is.EqualTo((VerdictKind.Fails, "inspect")));
        Assert.That(verdict.Reason, Does.Contain(ScratchRun.RemoteFile));
    }

    [Test]
    public void LayersWithoutAttentionNeedNoCache()
    {
        // An architecture that the built-in engine does not know: what is known of it is its metadata.
        Publish(w => w.Set("general.architecture", GgufValue.Of("mystery")).Set("mystery.block_count", GgufValue.Of(5u)).Set("mystery.embedding_length", GgufValue.Of(768u))
            .Set("mystery.attention.key_length", GgufValue.Of(64u)).Set("mystery.attention.value_length", GgufValue.Of(64u))
            .Set("mystery.attention.head_count", GgufValue.OfArray(new[] { 12, 0, 12, 0, 12 }))
            .Set("mystery.attention.head_count_kv", GgufValue.OfArray(new[] { 3, 0, 4, 0, 6 })));
        var memory = ModelMemory.Of([Header()]);
        Assert.That(memory.Unsupported, Does.Contain("mystery"));
        Assert.That(memory.Builtin(new MemoryRequest(256)), Is.Null);
        Assert.That(memory.LlamaCpp(new MemoryRequest(256)).Of(MemoryKind.Cache), Is.EqualTo((3L + 4 + 6) * (64 + 64) * 2 * 256));
    }

    [Test]
    public void AbsurdNumbersOfAHeaderAreTooMuchAndNeverTooLittle()
    {
        Publish(w => w.Set("llama.block_count", GgufValue.Of(uint.MaxValue))
            .Set("llama.attention.head_count_kv", GgufValue.Of(uint.MaxValue)).Set("llama.attention.key_length", GgufValue.Of(uint.MaxValue)));
        Assert.That(ModelMemory.Of([Header()]).LlamaCpp(new MemoryRequest(1 << 24)).On("cpu"), Is.GreaterThan(1L << 60));
    }

    [Test]
    public void TheHeadersWordsBecomeTheReceipts()
    {
        Publish();
        GgufHeader header = Header();
        ModelFacts facts = HeaderFacts.Read([header], Workers.Builtin.BuiltinInspection.Of([header]));
        Assert.That(facts.Architecture, Is.EqualTo("llama"));
        Assert.That(facts.FileBytes, Is.EqualTo(Size));
        Assert.That(facts.Parameters, Is.EqualTo(header.Tensors.Sum(t => t.ElementCount)));
        Assert.That(facts.TensorTypes.Sum(t => t.Tensors), Is.EqualTo(header.Tensors.Count));
        Assert.That(facts.WeightType, Is.EqualTo("Q8_0"), "norms and biases do not set the tolerance");
        Assert.That(facts.VocabularySize, Is.EqualTo(470));
        Assert.That(facts.Features.Select(f => f.Name), Does.Contain("gqa-ratio"));
        Assert.That(HeaderFacts.EvidenceOf(header.Metadata), Is.EqualTo(Evidence.Probe));
    }

    [Test]
    public void AFileThatDoesNotSayItIsForgedWasTrained()
    {
        Publish(w => w.Set(HeaderFacts.OriginKey, GgufValue.Of("trained")));
        Assert.That(HeaderFacts.EvidenceOf(Header().Metadata), Is.EqualTo(Evidence.Trained));
    }

    private long Size => new FileInfo(RemotePath()).Length;

    private string RemotePath()
    {
        string path = Path.Combine(_run.Folder, "hub", ScratchRun.Repo, ScratchRun.RemoteFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private GgufHeader Header()
    {
        using FileStream stream = File.OpenRead(RemotePath());
        return GgufHeader.Read(stream);
    }

    /// <summary>Puts a probe on the hub, its metadata changed.</summary>
    private void Publish(Action<GgufWriter>? change = null)
    {
        string path = RemotePath();
        ProbeForge.Write("llama", "Q8_0", 1, path);
        if (change is null) return;
        string original = path + ".original";
        File.Move(path, original);
        using (GgufFile file = GgufFile.Open(original))
        {
            var writer = new GgufWriter();
            foreach ((string key, GgufValue value) in file.Metadata) writer.Set(key, value);
            change(writer);
            foreach (GgufTensor tensor in file.Tensors)
                writer.AddTensor(tensor.Name, tensor.Type!.Value, tensor.Shape.ToArray(), new byte[tensor.ByteLength]);
            writer.Save(path);
        }

        File.Delete(original);
    }

    private async Task<Loopback> ServeAsync()
    {
        Loopback hub = await Loopback.StartAsync(new LoopbackOptions { Root = Path.Combine(_run.Folder, "hub") });
        _run.HubOptions = new HubOptions { CacheDirectory = "", Endpoint = hub.Endpoint };
        return hub;
    }
}
