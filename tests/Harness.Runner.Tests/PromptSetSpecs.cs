using Harness.Matrix;
using Harness.Runner.Cells;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>What every backend is asked, and the ids that are scored: part of a receipt's subject, so never to change unseen.</summary>
internal sealed class PromptSetSpecs
{
    private static readonly PromptEntry Prompt = new("one", "1+1=", null, 4, [], [], [], null);

    [Test]
    public void TheDigestIsTheSameOnEveryMachineAndInEveryVersion() => Assert.That(
        new PromptSet([Prompt]).Digest, Is.EqualTo("be87f41a7efb4743dae6843020836bed6ed9dbbbce702cde3e6c8bf0ccb3149e"), "receipts of before would no longer be repetitions of those to come: raise ScoreScheme and say so");

    [Test]
    public void TextsIdsAndLimitsDecideTheDigestAndExpectationsDoNot()
    {
        string[] digests =
        [
            new PromptSet([Prompt]).Digest,
            new PromptSet([Prompt with { Text = "1+1= " }]).Digest,
            new PromptSet([Prompt with { MaxTokens = 5 }]).Digest,
            new PromptSet([Prompt with { Id = "two" }]).Digest,
            new PromptSet([Prompt with { Text = null, Ids = [1, 2] }]).Digest,
            new PromptSet([Prompt, Prompt with { Id = "two" }]).Digest,
            new PromptSet([]).Digest,
        ];
        Assert.That(digests, Is.Unique);
        Assert.That(new PromptSet([Prompt with { Notes = "a note" }]).Digest, Is.EqualTo(digests[0]));
    }

    [Test]
    public void ScoredIdsBeginWithThePromptsAndThenVisitTheWholeVocabulary()
    {
        int[] ids = PromptSet.ScoreIds([[5, 6, 7], [8]], vocabularySize: 1000, contextLength: 512);
        Assert.That(ids, Has.Length.EqualTo(48));
        Assert.That(ids[..4], Is.EqualTo(new[] { 5, 6, 7, 8 }));
        Assert.That(ids, Has.All.InRange(0, 999));
        Assert.That(ids.Max(), Is.GreaterThan(900));
        Assert.That(ids[4..].Min(), Is.LessThan(100));
        Assert.That(PromptSet.ScoreIds([[5, 6, 7], [8]], 1000, 512), Is.EqualTo(ids), "the same ones everywhere");
    }

    [TestCase(1, 1, 1)]
    [TestCase(300, 16, 16)]
    [TestCase(151_936, 512, 48)]
    [TestCase(2_000_000, 512, 8)]
    public void ScoredIdsFitTheContextAndAnAffordableFile(int vocabulary, int context, int length)
    {
        int[] ids = PromptSet.ScoreIds([[.. Enumerable.Range(0, 1000).Select(i => i % vocabulary)]], vocabulary, context);
        Assert.That(ids, Has.Length.EqualTo(length));
        Assert.That(ids, Has.All.InRange(0, vocabulary - 1));
    }

    [Test]
    public void LongPromptsLeaveRoomForIdsTheyDoNotTouch()
    {
        int[] ids = PromptSet.ScoreIds([[.. Enumerable.Repeat(3, 500)]], 10_000, 512);
        Assert.That(ids.Count(i => i == 3), Is.EqualTo(32));
    }
}
