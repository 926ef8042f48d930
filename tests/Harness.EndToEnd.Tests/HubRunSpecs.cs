using System.Diagnostics;
using System.Text;
using Harness.Formats.Forging;
using Harness.LoopbackHub;
using Harness.Receipts;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.EndToEnd.Tests;

/// <summary>A model of the hub from its name to its verdict, over the real protocol.</summary>
internal sealed class HubRunSpecs
{
    private const string Repo = "harness-tests/loop-GGUF";
    private const string FileName = "loop-q8_0.gguf";
    private const string Token = "hf_ThisIsASecretOfTheTests0123456789";

    private static readonly string[] OneThread = ["--threads", "1"];

    private Bench _bench = null!;
    private Loopback? _hub;

    [SetUp]
    public void Prepare() => _bench = new Bench();

    [TearDown]
    public async Task Remove()
    {
        if (_hub is not null) await _hub.DisposeAsync();
        _bench.Dispose();
    }

    [Test]
    public async Task AModelIsResolvedInspectedByRangesFetchedVerifiedAndRunOnTheEnginesAtHand()
    {
        long size = Publish();
        Loopback hub = await StartAsync();
        RunResult run = await RunAsync("out");

        string right = Bench.LlamaCpp() is null ? "runs" : "works";
        Assert.That(run.Cells.Select(c => c.Verdict), Has.All.EqualTo(right), Reasons(run));
        Assert.That(run.End.Status, Is.Zero);
        Receipt receipt = run.Receipts.Receipts[0];
        Assert.That(receipt.Source, Is.EqualTo(receipt.Source with
        {
            Origin = Origin.Hub,
            Repository = Repo,
            Endpoint = hub.Endpoint.AbsoluteUri.TrimEnd('/'),
        }));
        Assert.That(receipt.Source.Commit, Does.Match("^[0-9a-f]{40}$"));
        Assert.That(receipt.Subject.Files.Single().Name, Is.EqualTo(FileName));
        Assert.That(receipt.Subject.Files.Single().Sha256, Is.EqualTo(Sha256(Published())));
        Assert.That(receipt.Stages.Select(s => $"{s.Stage} {s.Outcome}"), Is.EqualTo(Enum.GetValues<Stage>().Select(s => $"{s} Ok")));

        LoggedRequest[] bodies = [.. hub.Log.Where(r => r.Storage && r.Method == "GET")];
        Assert.That(bodies[..^1].Select(r => r.Range), Is.Not.Empty.And.All.Match(@"^bytes=\d+-\d+$"), "the header came by ranges");
        Assert.That(bodies[..^1].Sum(r => r.Sent), Is.LessThan(size / 4), "and only the header");
        Assert.That(bodies[^1].Sent, Is.EqualTo(size), "the file came once, for all engines");

        // What is here needs no hub.
        int requests = hub.Log.Count;
        RunResult offline = await RunAsync("offline", "--offline");
        Assert.That(offline.Cells.Select(c => c.Verdict), Has.All.EqualTo(right), Reasons(offline));
        Assert.That(hub.Log, Has.Count.EqualTo(requests));
    }

    [TestCase(true)]
    [TestCase(false)]
    [Platform("Linux,MacOsX", Reason = "SIGKILL")]
    public async Task ADownloadThatWasKilledGoesOnByRangeAndStillVerifies(bool resume)
    {
        long size = Publish();
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 2_500_000 });
        using (RunningProgram first = _bench.Start(Arguments("out")))
        {
            for (var clock = Stopwatch.StartNew(); Incomplete() < 1_000_000; await Task.Delay(10))
                Assert.That(!first.HasExited && clock.Elapsed < TimeSpan.FromMinutes(1), "the download got nowhere");
            await first.KillAsync();
        }

        long there = Incomplete();
        Assert.That(there, Is.InRange(1_000_000, size - 1));
        int before = hub.Log.Count;
        RunResult second = await RunAsync(resume ? "out" : "anew", resume ? ["--resume"] : []);

        Assert.That(second.Cells.Select(c => c.Verdict), Has.All.AnyOf("works", "runs"), Reasons(second));
        LoggedRequest last = hub.Log.Skip(before).Last(r => r.Storage && r.Method == "GET");
        Assert.That((last.Range, last.Status, last.Sent), Is.EqualTo(($"bytes={there}-", 206, size - there)), "what was there did not come twice");
        Receipt receipt = second.Receipts.Receipts[0];
        Assert.That(receipt.Stages.Single(s => s.Stage == Stage.Verify).Outcome, Is.EqualTo(Outcome.Ok));
        Assert.That(receipt.Subject.Files.Single().Sha256, Is.EqualTo(Sha256(Published())));
    }

    [Test]
    public async Task AFlippedByteIsCaughtAndNamedAndTheNextRunIsRight()
    {
        Publish();
        Loopback hub = await StartAsync();
        hub.Faults.Add(new Fault(FaultKind.FlipByte) { Storage = true, Bytes = 4_000_000 });
        RunResult run = await RunAsync("out");

        byte[] wrong = Published();
        wrong[4_000_000] ^= 1;
        Assert.That(run.Cells.Select(c => c.Verdict), Has.All.EqualTo("fails"), Reasons(run));
        Assert.That(run.Cells[0].Stage, Is.EqualTo("fetch"));
        Assert.That(run.Cells[0].Reason, Does.Contain(FileName).And.Contain(Sha256(Published())).And.Contain(Sha256(wrong)));
        Assert.That(run.Receipts.Receipts[0].FirstFailure()!.Kind, Is.EqualTo(FailureKind.Mismatch));
        Assert.That(run.End.Status, Is.EqualTo(1), "the scratch catalogue expects it to work");

        hub.Faults.Clear();
        RunResult again = await RunAsync("again");
        Assert.That(again.Cells.Select(c => c.Verdict), Has.All.AnyOf("works", "runs"), Reasons(again));
    }

    [Test]
    public async Task AGatedRepositoryBlocksUntilATokenOpensItAndTheTokenIsWrittenNowhere()
    {
        Publish();
        Loopback hub = await StartAsync(o => o with { Gated = [Repo], Tokens = [new LoopbackToken(Token)] });
        RunResult refused = await RunAsync("refused");
        Assert.That(refused.Cells.Select(c => c.Verdict), Has.All.EqualTo("blocked"), Reasons(refused));
        Assert.That(refused.Cells[0].Reason, Does.Contain("gated").And.Contain("HF_TOKEN"));
        Assert.That(refused.Receipts.Receipts[0].FirstFailure()!.Kind, Is.EqualTo(FailureKind.Refused));
        Assert.That(refused.End.Status, Is.Zero);

        _bench.Environment["HF_TOKEN"] = Token;
        hub.Faults.Add(new Fault(FaultKind.FlipByte) { Storage = true, Bytes = 4_000_000 });
        RunResult failed = await RunAsync("refused", "--resume");
        hub.Faults.Clear();
        RunResult opened = await RunAsync("opened");
        Assert.That(failed.Cells.Select(c => c.Verdict), Has.All.EqualTo("fails"), "blocked cells were tried again: " + Reasons(failed));
        Assert.That(opened.Cells.Select(c => c.Verdict), Has.All.AnyOf("works", "runs"), Reasons(opened));

        foreach (ProgramEnd end in (ProgramEnd[])[failed.End, opened.End])
            Assert.That(end.Output + end.Errors, Does.Not.Contain(Token));
        byte[] secret = Encoding.ASCII.GetBytes(Token);
        foreach (string path in Directory.EnumerateFiles(_bench.Folder, "*", SearchOption.AllDirectories))
            Assert.That(File.ReadAllBytes(path).AsSpan().IndexOf(secret), Is.Negative, path);
    }

    [Test]
    public async Task WhatTheHubHasNotBlocksAndSaysWhatIsThere()
    {
        Directory.CreateDirectory(_bench.In("hub", Repo));
        File.WriteAllText(_bench.In("hub", Repo, "loop-q4_0.gguf"), "another");
        await StartAsync();
        RunResult file = await RunAsync("file");
        Assert.That(file.Cells.Select(c => c.Verdict), Has.All.EqualTo("blocked"), Reasons(file));
        Assert.That(file.Cells[0].Reason, Does.Contain(FileName).And.Contain("loop-q4_0.gguf"));
        Assert.That(file.End.Status, Is.Zero);

        Directory.Delete(_bench.In("hub", Repo), recursive: true);
        RunResult repo = await RunAsync("repo");
        Assert.That(repo.Cells.Select(c => c.Verdict), Has.All.EqualTo("blocked"), Reasons(repo));
        Assert.That(repo.Cells[0].Reason, Does.Contain(Repo).And.Contain("does not exist"));
        Assert.That(repo.End.Status, Is.Zero);
    }

    [Test]
    public async Task AHubThatAnswersNobodyBlocksAndDoesNotCountAgainstTheBackend()
    {
        WriteCatalogue();
        RunResult run = await RunAsync("out", "--offline");
        Assert.That(run.Cells.Select(c => c.Verdict), Has.All.EqualTo("blocked"), Reasons(run));
        Assert.That(run.End.Status, Is.Zero);
    }

    [Test]
    [Category("Soak")]
    public async Task TheTrueShapeOfACatalogueModelComesFromTheHubAndAgreesOnBothEngines()
    {
        if (Bench.LlamaCpp() is not { } libraries)
        {
            Assert.Ignore("llama.cpp v0.5.0 is not installed in the tests' home: nothing to compare with");
            return;
        }

        string folder = _bench.In("hub", "Qwen", "Qwen2.5-0.5B-Instruct-GGUF");
        Directory.CreateDirectory(folder);
        ProgramEnd forged = await _bench.RunAsync(
            "forge", "--like", "qwen2.5-0.5b", "--quant", "Q4_K_M", "--out", Path.Combine(folder, "qwen2.5-0.5b-instruct-q4_k_m.gguf"));
        Assert.That(forged.Status, Is.Zero, forged.Errors);
        await StartAsync();
        RunResult run = await _bench.TryCellsAsync("out", "--model", "qwen2.5-0.5b", "--quant", "Q4_K_M", "--llama-cpp", libraries);
        Assert.That(run.Cells.Select(c => c.Verdict), Is.EqualTo(new[] { "works", "works" }), Reasons(run));
        Assert.That(run.End.Status, Is.Zero);
    }

    private static string Reasons(RunResult run) => string.Join('\n', run.Cells.Select(c => $"{c.Coordinates}: {c.Verdict}: {c.Reason}"));

    private async Task<Loopback> StartAsync(Func<LoopbackOptions, LoopbackOptions>? change = null)
    {
        WriteCatalogue();
        var options = new LoopbackOptions { Root = _bench.In("hub") };
        _hub = await Loopback.StartAsync(change is null ? options : change(options));
        _bench.Environment["HF_ENDPOINT"] = _hub.Endpoint.AbsoluteUri;
        return _hub;
    }

    /// <summary>The real catalogue with a model of its own beside the real ones.</summary>
    private void WriteCatalogue()
    {
        string matrix = Path.Combine(Repository.Root, "matrix");
        foreach (string path in Directory.EnumerateFiles(matrix, "*", SearchOption.AllDirectories).Where(p => Path.GetExtension(p) is ".yaml" or ".txt"))
        {
            string copy = _bench.In("catalogue", "matrix", Path.GetRelativePath(matrix, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy, overwrite: true);
        }

        File.Copy(Path.Combine(Repository.Root, "matrix.yaml"), _bench.In("catalogue", "matrix.yaml"), overwrite: true);
        File.WriteAllText(_bench.In("catalogue", "matrix", "models", "loop.yaml"), $"""
            family: loop
            architecture: llama
            models:
              - id: loop
                repository: {Repo}
                shape:
                  layers: 5
                  embedding-length: 256
                  heads: 12
                  kv-heads: 3
                  head-dim: 64
                  feed-forward-length: 512
                  vocabulary-size: 470
                  context-length: 1536
                quants:
                  Q8_0: {FileName}
            """);
        File.WriteAllText(_bench.In("catalogue", "matrix", "prompts", "loop.yaml"), """
            prompts:
              - id: loop-text
                text: The quick brown fox
                max-tokens: 4
                models: [loop]
            """);
        File.AppendAllText(_bench.In("catalogue", "matrix", "expectations.yaml"), """

              - models: [loop]
                because: the tests say so

            """);
    }

    private long Publish()
    {
        string path = _bench.In("hub", Repo, FileName);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ProbeForge.Write("llama", "Q8_0", 7, path);
        return new FileInfo(path).Length;
    }

    private byte[] Published() => File.ReadAllBytes(_bench.In("hub", Repo, FileName));

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private long Incomplete() => Directory.Exists(_bench.In("hf"))
        ? Directory.EnumerateFiles(_bench.In("hf"), "*.incomplete", SearchOption.AllDirectories).Select(f => new FileInfo(f).Length).DefaultIfEmpty(0).Max()
        : 0;

    private string[] Arguments(string output, params string[] more)
    {
        string[] backends = Bench.LlamaCpp() is { } libraries ? ["--llama-cpp", libraries] : ["--backend", "builtin"];
        return ["run", "--json", "--matrix", _bench.In("catalogue", "matrix.yaml"), "--model", "loop", "--quant", "Q8_0", "--out", _bench.In(output), .. backends, .. OneThread, .. more];
    }

    private async Task<RunResult> RunAsync(string output, params string[] more) =>
        RunResult.Of(await _bench.RunAsync(Arguments(output, more)), _bench.In(output));
}
