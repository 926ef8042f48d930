using Harness.Receipts;
using Harness.Receipts.Verdicts;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>Whatever a worker does, its cell gets one receipt with the right verdict, and the run goes on.</summary>
[Platform("Linux", Reason = "the dummies die through the C library")]
internal sealed class MisbehavingWorkerSpecs
{
    private ScratchRun _run = null!;

    [SetUp]
    public void Prepare() => _run = new ScratchRun();

    [TearDown]
    public void Remove() => _run.Dispose();

    [TestCase("abort", VerdictKind.Crashes, "SIGABRT")]
    [TestCase("segfault", VerdictKind.Crashes, "SIGSEGV")]
    [TestCase("hang", VerdictKind.TimesOut, "load")]
    [TestCase("spin", VerdictKind.TimesOut, "hello")]
    [TestCase("grow", VerdictKind.OutOfMemory, "memory")]
    [TestCase("garbage", VerdictKind.Fails, "ggml_cuda_init: found 1 device")]
    [TestCase("binary", VerdictKind.Fails, "\\xFF")]
    [TestCase("silent-exit", VerdictKind.Fails, "exit status 0")]
    [TestCase("exit 0", VerdictKind.Fails, "exit status 0 before it had answered load")]
    [TestCase("exit-mid-stream", VerdictKind.Fails, "exit status 0")]
    [TestCase("no-backend", null, "libllama.so")]
    public async Task AWorkerThatMisbehavesCostsItsOwnCellAndNoOther(string behaviour, VerdictKind? expected, string said)
    {
        var backends = new DummyBackends(cell => (cell.Cell.Quant, cell.Cell.Backend.ToString()) == ("Q8_0", "llama.cpp@b1") ? behaviour.Split(' ') : null);
        IReadOnlyList<(Receipt Receipt, Verdict Verdict)> done = await _run.RunAsync(backends);

        Assert.That(done.Select(d => d.Receipt.Cell).Distinct().Count(), Is.EqualTo(6).And.EqualTo(done.Count), "one receipt each");
        (Receipt bad, Verdict verdict) = done.Single(d => d.Receipt.Cell is { Quant: "Q8_0", Backend: "llama.cpp@b1" });
        Assert.That(verdict.Kind, expected is { } kind ? Is.EqualTo(kind) : Is.Not.EqualTo(VerdictKind.Works), verdict.Reason);
        Assert.That(verdict.Reason, Does.Contain(said));
        Assert.That(bad.FirstFailure(), Is.Not.Null);
        Assert.That(done.Where(d => d.Receipt != bad).Select(d => d.Verdict.Kind), Has.All.EqualTo(VerdictKind.Works),
            string.Join('\n', done.Select(d => $"{d.Receipt.Cell}: {d.Verdict}")));
    }

    [TestCase("abort")]
    [TestCase("garbage")]
    [TestCase("silent-exit")]
    public async Task WhenTheReferenceItselfDiesTheOthersAreStillComparedAmongThemselves(string behaviour)
    {
        var backends = new DummyBackends(cell => cell.Cell.Backend.ToString() == "llama.cpp@b2" ? [behaviour] : null);
        IReadOnlyList<(Receipt Receipt, Verdict Verdict)> done = await _run.RunAsync(backends);
        Assert.That(done, Has.Count.EqualTo(6));
        Assert.That(done.Where(d => d.Receipt.Cell.Backend != "llama.cpp@b2").Select(d => d.Verdict.Kind), Has.All.EqualTo(VerdictKind.Works));
        Assert.That(done.Where(d => d.Receipt.Cell.Backend == "llama.cpp@b2").Select(d => d.Verdict.Kind), Has.None.EqualTo(VerdictKind.Works));
    }

    [Test]
    public async Task ABackendThatCannotBeStartedIsTheHarnessesOwnErrorAndIsTriedAgain()
    {
        IReadOnlyList<(Receipt Receipt, Verdict Verdict)> first = await _run.RunAsync(
            new NoSuchProgram(), new() { Models = ["probe"], Quants = ["Q8_0"], Backends = ["builtin"] });
        Assert.That(first.Single().Verdict.Kind, Is.EqualTo(VerdictKind.Error));
        Assert.That(first.Single().Verdict.Reason, Does.Contain("no-such-program"));

        IReadOnlyList<(Receipt Receipt, Verdict Verdict)> again = await _run.RunAsync(
            new DummyBackends(), new() { Models = ["probe"], Quants = ["Q8_0"], Backends = ["builtin"] }, resume: true);
        Assert.That(again.Select(d => $"{d.Receipt.Attempt} {d.Verdict.Kind}"), Is.EqualTo(new[] { "1 Error", "2 Runs" }));
    }

    [Test]
    public void ACancelledRunWritesNoReceiptOfTheCellAtHand()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
        Assert.That(
            async () => await _run.RunAsync(new DummyBackends(_ => ["hang"]), cancellation: soon.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Harness.Receipts.Store.ReceiptStore.Read(_run.Output).Receipts, Is.Empty);
    }

    private sealed class NoSuchProgram : IBackendSource
    {
        public Task<(Cells.BackendAtHand? Backend, string? Reason)> FindAsync(Matrix.PlannedCell cell, CancellationToken cancellation) =>
            Task.FromResult<(Cells.BackendAtHand?, string?)>(
                (new Cells.BackendAtHand(cell.Build.Id.ToString(), new Workers.WorkerCommand("no-such-program-of-the-tests", []), "00", null, null), null));
    }
}
