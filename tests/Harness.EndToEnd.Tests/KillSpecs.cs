using System.Diagnostics;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>A run that is killed at any moment loses nothing, leaves nobody behind, and goes on where it stopped.</summary>
[Platform("Linux,MacOsX", Reason = "SIGKILL and SIGINT")]
internal sealed class KillSpecs
{
    private static readonly TimeSpan SoonAfter = TimeSpan.FromSeconds(3);

    private Bench _bench = null!;
    private string[] _arguments = null!;
    private int _cells;

    /// <summary>Probes on both engines where a llama.cpp is at hand, else on the built-in one.</summary>
    [SetUp]
    public void Prepare()
    {
        _bench = new Bench();
        _arguments = ["run", "--json", "--model", "probe-llama,probe-qwen2", "--quant", "Q8_0,Q4_K_M", "--threads", "1"];
        if (Bench.LlamaCpp() is { } libraries)
        {
            _arguments = [.. _arguments, "--llama-cpp", libraries];
            _cells = 8;
        }
        else
        {
            _arguments = [.. _arguments, "--backend", "builtin"];
            _cells = 4;
        }
    }

    [TearDown]
    public void Remove() => _bench.Dispose();

    [Test]
    public Task FiveKillsAtRandomMomentsLoseNothing() => KillAsync(times: 5, seed: 1);

    [Test]
    [Category("Soak")]
    public Task AHundredKillsAtRandomMomentsLoseNothing() => KillAsync(times: 100, seed: 2);

    [Test]
    public async Task CtrlCEndsTheRunAndItsWorkersAndLeavesARunThatCanBeResumed()
    {
        string output = _bench.In("out");
        using (RunningProgram run = _bench.Start([.. _arguments, "--out", output]))
        {
            await UntilAsync(() => run.HasExited || Lines(output) > 0);
            Assert.That(run.HasExited, Is.False, "the run was over before it could be interrupted");
            run.SendInterrupt();
            ProgramEnd end = await run.WaitAsync(SoonAfter.TotalSeconds);
            Assert.That((end.Status, end.Output), Is.EqualTo((130, "")));
            Assert.That(end.Errors, Does.StartWith("error: interrupted").And.Contain("harness run ").And.Contain(" --resume --out "));
        }

        await AssertNobodyIsLeftAsync("after Ctrl-C");
        await AssertResumesAsync(output, "after Ctrl-C");
    }

    private async Task KillAsync(int times, int seed)
    {
        // How long a whole run takes here; the moments of the kills are drawn from it.
        var clock = Stopwatch.StartNew();
        RunResult whole = await RunAsync(_bench.In("whole"));
        TimeSpan length = clock.Elapsed;
        string verdict = _cells == 8 ? "works" : "runs";
        Assert.That(whole.Cells.Select(c => c.Verdict), Has.All.AnyOf("works", verdict).And.Exactly(_cells).Items);

        var random = new Random(seed);
        int inTheMiddle = 0;
        for (int i = 0; i < times; i++)
        {
            string output = _bench.In($"out{i}");
            TimeSpan moment = length * (0.1 + (0.85 * random.NextDouble()));
            string when = $"kill {i} of seed {seed}, {moment.TotalMilliseconds:0} ms after the start";
            if (random.Next(2) == 0 && Directory.Exists(Path.Combine(_bench.Home, "models"))) Directory.Delete(Path.Combine(_bench.Home, "models"), recursive: true);
            byte[] before;
            using (RunningProgram run = _bench.Start([.. _arguments, "--out", output]))
            {
                await Task.Delay(moment);
                before = Read(output);
                if (!run.HasExited) inTheMiddle++;
                await run.KillAsync();
            }

            await AssertNobodyIsLeftAsync(when);
            Assert.That(Read(output).AsSpan().StartsWith(before), $"{when}: what was written stays as it was");
            ReceiptSet left = Directory.Exists(output) ? ReceiptStore.Read(output) : new([], [], [], new LogitsStore(output));
            foreach (string sha256 in left.Receipts.Select(r => r.Score?.LogitsSha256).OfType<string>())
                Assert.That(left.Logits.Read(sha256), Is.Not.Null, $"{when}: logits of a receipt");
            await AssertResumesAsync(output, when, verdict);
            Directory.Delete(output, recursive: true);
        }

        Assert.That(inTheMiddle, Is.GreaterThanOrEqualTo(times / 2), "most runs were killed before they were done");
    }

    private async Task AssertResumesAsync(string output, string when, string verdict = "works")
    {
        ReceiptSet before = Directory.Exists(output) ? ReceiptStore.Read(output) : new([], [], [], new LogitsStore(output));
        RunResult resumed = await RunAsync(output, "--resume");
        Assert.That(resumed.End.Status, Is.Zero, $"{when}: {resumed.End.Errors}");
        Assert.That(
            resumed.Cells.Select(c => c.Verdict), Has.All.AnyOf("works", verdict).And.Exactly(_cells).Items,
            $"{when}: {string.Join('\n', resumed.Cells)}");
        Assert.That(resumed.Receipts.Receipts.Select(r => r.Id).Take(before.Receipts.Count), Is.EqualTo(before.Receipts.Select(r => r.Id)), when);
        foreach (IGrouping<Cell, Receipt> cell in resumed.Receipts.Receipts.GroupBy(r => r.Cell))
            Assert.That(cell.Select(r => r.Attempt), Is.EqualTo(new[] { 1 }), $"{when}: {cell.Key} was settled, or never written");
        Assert.That(VerdictRules.IsSettled(VerdictRules.Derive(resumed.Receipts.Receipts[0], resumed.Receipts.Comparisons).Kind));
        Assert.That(Directory.EnumerateFiles(Path.Combine(output, "logits"), "*.partial"), Is.Empty, $"{when}: half-written logits");
        await AssertNobodyIsLeftAsync(when);
    }

    private async Task<RunResult> RunAsync(string output, params string[] more) =>
        RunResult.Of(await _bench.RunAsync([.. _arguments, "--out", output, .. more]), output);

    /// <summary>Every process of this test's runs carries its own HARNESS_HOME.</summary>
    private async Task AssertNobodyIsLeftAsync(string when)
    {
        if (!OperatingSystem.IsLinux()) return;
        var clock = Stopwatch.StartNew();
        IReadOnlyList<string> left;
        while ((left = Alive(_bench.Home)).Count > 0 && clock.Elapsed < SoonAfter) await Task.Delay(20);
        Assert.That(left, Is.Empty, $"{when}: processes left {SoonAfter.TotalSeconds} s later");
    }

    private static List<string> Alive(string home)
    {
        List<string> found = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out _)) continue;
            try
            {
                if (File.ReadAllText(Path.Combine(directory, "environ")).Contains($"HARNESS_HOME={home}\0", StringComparison.Ordinal))
                    found.Add($"{Path.GetFileName(directory)} {File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ')}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone meanwhile, or another user's.
            }
        }

        return found;
    }

    private static byte[] Read(string output)
    {
        string path = Path.Combine(output, "receipts.jsonl");
        if (!File.Exists(path)) return [];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static int Lines(string output) => Read(output).Count(b => b == '\n');

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = Stopwatch.StartNew(); !condition(); await Task.Delay(10))
            Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromMinutes(2)), "the run got nowhere");
    }
}
