using System.Text;
using Harness.Receipts.Store;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>Going on with a run, and running a plan in parts.</summary>
internal sealed class ResumeSpecs
{
    private static readonly string[] Builtin = ["--model", "probe-llama,probe-qwen2", "--quant", "Q8_0,Q4_K_M", "--backend", "builtin"];

    private Bench _bench = null!;

    [SetUp]
    public void Prepare() => _bench = new Bench();

    [TearDown]
    public void Remove() => _bench.Dispose();

    [Test]
    public async Task SettledCellsAreLeftAloneAndBlockedOnesAreTriedAgain()
    {
        string[] both = ["--model", "probe-llama", "--quant", "Q8_0", "--backend", "builtin,llama.cpp@v0.5.0", "--offline"];
        RunResult first = await _bench.TryCellsAsync("out", both);
        Assert.That(first.Cells.Select(c => c.Verdict), Is.EqualTo(new[] { first.Cells[0].Verdict, "blocked" }));

        RunResult second = await _bench.TryCellsAsync("out", [.. both, "--resume"]);
        Assert.That(second.Receipts.Runs, Has.Count.EqualTo(2));
        Assert.That(
            second.Receipts.Receipts.Select(r => $"{r.Cell.Backend} {r.Attempt}"),
            Is.EquivalentTo(new[] { "builtin 1", "llama.cpp@v0.5.0 1", "llama.cpp@v0.5.0 2" }));
        Assert.That(second.Cells.Select(c => c.Verdict), Is.EqualTo(first.Cells.Select(c => c.Verdict)));
    }

    [Test]
    public async Task WithoutResumeEveryCellIsTriedAgainAndTheOldReceiptsStay()
    {
        string[] one = ["--model", "probe-llama", "--quant", "Q8_0", "--backend", "builtin"];
        RunResult first = await _bench.TryCellsAsync("out", one);
        RunResult second = await _bench.TryCellsAsync("out", one);
        Assert.That(second.Receipts.Receipts.Select(r => r.Attempt), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(second.Receipts.Receipts[0].Id, Is.EqualTo(first.Receipts.Receipts[0].Id));
        Assert.That(second.Receipts.Receipts.Select(r => r.Subject.Digest).Distinct().Count(), Is.EqualTo(1), "repetitions of one subject");
        Assert.That(second.Cells, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ATornLastLineIsSetAsideAndNeverReadAsAReceipt()
    {
        string[] one = ["--model", "probe-llama", "--quant", "Q8_0", "--backend", "builtin"];
        RunResult first = await _bench.TryCellsAsync("out", one);
        string path = _bench.In("out", "receipts.jsonl");
        string line = File.ReadAllText(path);
        File.AppendAllText(path, line[..(line.Length / 2)]);
        Assert.That(ReceiptStore.Read(_bench.In("out")).Receipts, Has.Count.EqualTo(1));

        RunResult second = await _bench.TryCellsAsync("out", [.. one, "--resume"]);
        Assert.That(second.Receipts.Receipts.Select(r => r.Id), Is.EqualTo(first.Receipts.Receipts.Select(r => r.Id)));
        Assert.That(File.ReadAllText(path), Is.EqualTo(line));
        Assert.That(File.ReadAllText(path + ".torn"), Does.StartWith(line[..(line.Length / 2)]));
    }

    [Test]
    public async Task AComparisonThatAKilledRunDidNotComeToWriteIsMadeUpFor()
    {
        if (Bench.LlamaCpp() is not { } libraries)
        {
            Assert.Ignore("llama.cpp v0.5.0 is not installed in the tests' home: nothing to compare with");
            return;
        }

        string[] both = ["--model", "probe-llama", "--quant", "Q8_0", "--llama-cpp", libraries, "--threads", "1"];
        await _bench.TryCellsAsync("out", both);
        File.Delete(_bench.In("out", "comparisons.jsonl"));
        RunResult second = await _bench.TryCellsAsync("out", [.. both, "--resume"]);
        Assert.That(second.Receipts.Receipts, Has.Count.EqualTo(2));
        Assert.That(second.Receipts.Comparisons, Has.Count.EqualTo(1));
        Assert.That(second.Cells.Select(c => c.Verdict), Is.EqualTo(new[] { "works", "works" }));
    }

    [Test]
    public async Task ReceiptsThatWereChangedByHandAreRefusedAndSayWhere()
    {
        string[] one = ["--model", "probe-llama", "--quant", "Q8_0", "--backend", "builtin"];
        await _bench.TryCellsAsync("out", one);
        string path = _bench.In("out", "receipts.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"cores\":", "\"cores\":1", StringComparison.Ordinal), new UTF8Encoding(false));
        ProgramEnd end = await _bench.RunAsync(["run", "--resume", "--out", _bench.In("out"), .. one]);
        Assert.That(end.Status, Is.EqualTo(2));
        Assert.That(end.Errors, Does.StartWith("error: ").And.Contain("receipts.jsonl, line 1"));
    }

    [Test]
    public async Task ShardsSideBySideGiveTheWholePlanAndSplitNoVariant()
    {
        Task<RunResult>[] runs = [.. new[] { "1/2", "2/2" }.Select(s => _bench.TryCellsAsync(s.Replace('/', '-'), [.. Builtin, "--shard", s]))];
        RunResult[] shards = await Task.WhenAll(runs);
        foreach (RunResult shard in shards)
        {
            Assert.That(shard.End.Status, Is.Zero, shard.End.Errors);
            Assert.That(shard.Cells.Select(c => c.Verdict), Is.Not.Empty.And.All.AnyOf("works", "runs"));
        }

        Assert.That(
            shards.SelectMany(s => s.Cells).Select(c => $"{c.Model} {c.Quant}"),
            Is.EquivalentTo(new[] { "probe-llama Q8_0", "probe-llama Q4_K_M", "probe-qwen2 Q8_0", "probe-qwen2 Q4_K_M" }));
    }

    [Test]
    public async Task RunsSideBySideMakeOneProbeBetweenThem()
    {
        string[] one = ["--model", "probe-llama", "--quant", "Q8_0", "--backend", "builtin"];
        RunResult[] runs = await Task.WhenAll(_bench.TryCellsAsync("a", one), _bench.TryCellsAsync("b", one));
        Assert.That(runs.Select(r => r.Only.Verdict), Has.All.AnyOf("works", "runs"), string.Join('\n', runs.Select(r => r.Only)));
        Assert.That(runs.Select(r => r.Receipts.Receipts[0].Subject.InputsDigest).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task TwoRunsDoNotWriteIntoOneFolder()
    {
        using ReceiptStore held = ReceiptStore.Open(_bench.In("out"));
        ProgramEnd end = await _bench.RunAsync(["run", "--out", _bench.In("out"), .. Builtin]);
        Assert.That(end.Status, Is.EqualTo(2));
        Assert.That(end.Errors, Does.StartWith("error: ").And.Contain("--out"));
    }
}
