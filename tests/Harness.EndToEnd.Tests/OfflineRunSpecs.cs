using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>A fresh machine without network: no npm, no backend, no cache.</summary>
internal sealed class OfflineRunSpecs
{
    private Bench _bench = null!;
    private RunResult _run = null!;

    [OneTimeSetUp]
    public async Task Run()
    {
        _bench = new Bench();
        _bench.Environment["PATH"] = Directory.CreateDirectory(_bench.In("empty")).FullName;
        _run = await _bench.TryCellsAsync("out", "--offline");
    }

    [OneTimeTearDown]
    public void Remove() => _bench?.Dispose();

    [Test]
    public void CellsOfAbsentBackendsAreBlockedAndSayHowToGetThem()
    {
        JsonCell[] absent = [.. _run.Cells.Where(c => c.Backend.StartsWith("llama.cpp@", StringComparison.Ordinal))];
        Assert.That(absent, Has.Length.EqualTo(18));
        Assert.That(absent.Select(c => c.Verdict), Has.All.EqualTo("blocked"));
        foreach (JsonCell cell in absent)
            Assert.That(cell.Reason, Does.Contain($"harness backends install {cell.Backend}"));
    }

    [Test]
    public void TheBuiltInEngineWorksAgainstTheCommittedReferences()
    {
        JsonCell[] builtin = [.. _run.Cells.Where(c => c.Backend == "builtin")];
        Assert.That(
            builtin.Where(c => c.Verdict != "works").Select(c => $"{c.Coordinates}: {c.Verdict}: {c.Reason}"), Is.Empty);
        Assert.That(builtin, Has.Length.EqualTo(9));
        foreach (JsonCell cell in builtin.Where(c => c.Model != "nano")) Assert.That(cell.Reason, Does.Contain("llama.cpp@v0.5.0"));
    }

    [Test]
    public void NothingIsFetchedAndNothingThatWasExpectedToWorkFailed()
    {
        Assert.That(_run.End.Status, Is.Zero, _run.End.Errors);
        Assert.That(Directory.Exists(_bench.In("home", "backends")) && Directory.EnumerateFiles(_bench.In("home", "backends"), "*", SearchOption.AllDirectories).Any(), Is.False);
    }

    [Test]
    public async Task WithoutNpmOnlineTheCellsSayThatItIsMissing()
    {
        RunResult run = await _bench.TryCellsAsync("online", "--model", "probe-llama", "--quant", "Q8_0", "--backend", "llama.cpp@v0.5.0");
        Assert.That(run.Only.Verdict, Is.EqualTo("blocked"));
        Assert.That(run.Only.Reason, Does.Contain("npm").And.Contain("harness backends install llama.cpp@v0.5.0"));
        Assert.That(run.End.Status, Is.Zero);
    }
}
