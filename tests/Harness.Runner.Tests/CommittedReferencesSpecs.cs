using Harness.Receipts;
using Harness.Receipts.Verdicts;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>Reference receipts that come with the catalogue: a machine with one engine still compares.</summary>
internal sealed class CommittedReferencesSpecs
{
    private ScratchRun _run = null!;

    [SetUp]
    public void Prepare() => _run = new ScratchRun();

    [TearDown]
    public void Remove() => _run.Dispose();

    [Test]
    public void ACatalogueWithoutReferencesHasNone() =>
        Assert.That(CommittedReferences.Read(_run.Catalogue).Count, Is.Zero);

    [Test]
    public async Task WithThemOneEngineAloneWorksAndWithoutThemItRuns()
    {
        var alone = new Matrix.Selection { Models = ["probe"], Quants = ["Q8_0"], Backends = ["builtin"] };
        IReadOnlyList<(Receipt Receipt, Verdict Verdict)> before = await _run.RunAsync(new DummyBackends(), alone);
        Assert.That(before.Single().Verdict.Kind, Is.EqualTo(VerdictKind.Runs));
        Directory.Delete(_run.Output, recursive: true);

        await MakeReferencesAsync();
        CommittedReferences references = CommittedReferences.Read(_run.Catalogue);
        Receipt found = references.Find(before.Single().Receipt.Subject)!;
        Assert.That(found.Cell.Backend, Is.EqualTo("llama.cpp@b2"));
        Assert.That(references.Logits(found.Score!.LogitsSha256), Has.Length.EqualTo(found.Score.Ids.Count * found.Score.VocabularySize));
        Assert.That(references.Find(before.Single().Receipt.Subject with { PromptsDigest = "other" }), Is.Null);

        (Receipt receipt, Verdict verdict) = (await _run.RunAsync(new DummyBackends(), alone)).Single();
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Works), verdict.Reason);
        Assert.That(verdict.Reason, Does.Contain("llama.cpp@b2"));
        Assert.That(receipt.Generations[0].IdsFrom, Does.Contain("llama.cpp@b2").And.Contain("committed"));
        Assert.That(receipt.Generations[0].PromptIds, Is.EqualTo(found.Generations[0].PromptIds));
    }

    [Test]
    public async Task AReferenceChangedByHandIsRefused()
    {
        await MakeReferencesAsync();
        string path = Path.Combine(_run.Catalogue, "references", "receipts.jsonl");
        File.WriteAllText(path, File.ReadAllText(path).Replace("a processor", "another", StringComparison.Ordinal));
        Assert.That(() => CommittedReferences.Read(_run.Catalogue), Throws.InstanceOf<ReceiptException>().With.Message.Contains("line 1"));
    }

    private async Task MakeReferencesAsync()
    {
        await _run.RunAsync(new DummyBackends(), new Matrix.Selection { Models = ["probe"], Quants = ["Q8_0"], Backends = ["llama.cpp@b2"] });
        Directory.Move(_run.Output, Path.Combine(_run.Catalogue, "references"));
    }
}
