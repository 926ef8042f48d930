using Harness.Receipts;
using Harness.Runner.Cells;
using Harness.Runner.Variants;
using Harness.Workers;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>The chat check finds another template, a doubled BOS, an answer past its turn and leaked tokens; and nothing where nothing is.</summary>
public sealed class ChatJudgeSpecs
{
    private static readonly ChatSource Source = new("", "<s>", "</s>", 1, ["<|im_start|>", "<|im_end|>", "</s>"], 7, "<|im_end|>");

    [TestCase("<s>ab", "<s>ab", new[] { 1, 5 }, new ChatFindingKind[0])]
    [TestCase("<s>ab", "ab", new[] { 1, 5 }, new ChatFindingKind[0], TestName = "A BOS the tokenizer adds is no other template")]
    [TestCase("<s>ab", "<s>ab", new[] { 1, 1, 5 }, new[] { ChatFindingKind.DoubleBos })]
    [TestCase("<s>ab", "<s>ac", new[] { 1, 5 }, new[] { ChatFindingKind.AnotherTemplate })]
    [TestCase("ab\n", "ab", new[] { 5 }, new[] { ChatFindingKind.AnotherTemplate }, TestName = "A line break less is another template")]
    public void The_prompt_a_backend_makes_is_held_against_the_files(string expected, string own, int[] ids, ChatFindingKind[] found) =>
        Assert.That(ChatJudge.OfPrompt(expected, new ChatApplied(own, ids, "how"), Source).Select(f => f.Kind), Is.EqualTo(found));

    [Test]
    public void Where_prompts_part_is_said() => Assert.That(
        ChatJudge.OfPrompt("<s>[INST] Hi", new ChatApplied("[INST]\nHi", [1], "its own"), Source).Single().Detail,
        Is.EqualTo("its own: at character 6 the file's prompt has \" Hi\", the backend's \"\\nHi\""));

    [TestCase(new[] { 4, 5, 7 }, "Paris", new ChatFindingKind[0], TestName = "An answer that ends its turn")]
    [TestCase(new[] { 4, 5 }, "Paris", new ChatFindingKind[0], TestName = "An answer cut short")]
    [TestCase(new[] { 4, 7, 5, 5 }, "Paris user", new[] { ChatFindingKind.RanPastEndOfTurn })]
    [TestCase(new[] { 4, 5, 6 }, "Paris<|im_end|>", new[] { ChatFindingKind.LeakedSpecialTokens })]
    [TestCase(new[] { 4, 7, 7 }, "a<|im_start|>b</s>", new[] { ChatFindingKind.RanPastEndOfTurn, ChatFindingKind.LeakedSpecialTokens })]
    public void An_answer_is_looked_at(int[] ids, string text, ChatFindingKind[] found) =>
        Assert.That(ChatJudge.OfAnswer(ids, text, Source).Select(f => f.Kind), Is.EqualTo(found));

    [Test]
    public void A_turn_that_ends_with_plain_text_leaks_it()
    {
        ChatSource plain = Source with { EndOfTurnId = null, EndOfTurn = "### End" };
        Assert.That(ChatJudge.OfAnswer([1, 2], "done ### End more", plain).Single().Kind, Is.EqualTo(ChatFindingKind.LeakedSpecialTokens));
    }

    [TestCase(new[] { 1, 1, 5 }, new[] { 1, 5 })]
    [TestCase(new[] { 1, 5, 1 }, new[] { 1, 5, 1 })]
    [TestCase(new[] { 1 }, new[] { 1 })]
    [TestCase(new int[0], new int[0])]
    public void The_prompt_that_is_evaluated_begins_once(int[] ids, int[] expected) =>
        Assert.That(ChatJudge.WithoutSecondBos(ids, 1), Is.EqualTo(expected));
}
