using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>A slip of the finger finds its word; anything else is not guessed at.</summary>
public sealed class NearestWordTests
{
    [TestCase("modle", "model")]
    [TestCase("mdoel", "model")]
    [TestCase("MODEL", "model")]
    [TestCase("quant", "quants")]
    [TestCase("0.5b", "qwen2.5-0.5b")]
    [TestCase("qwen", "qwen2.5-0.5b")]
    [TestCase("zebra", null)]
    [TestCase("", null)]
    public void The_nearest_word_is_found(string written, string? meant) =>
        Assert.That(NearestWord.Find(written, ["model", "quants", "backends", "probe-qwen2", "qwen2.5-0.5b"]), Is.EqualTo(meant));

    [TestCase("", "", 0)]
    [TestCase("abc", "", 3)]
    [TestCase("abc", "acb", 1)]
    [TestCase("kitten", "sitting", 3)]
    [TestCase("ca", "abc", 3)]
    public void Swapped_neighbours_count_once(string a, string b, int distance)
    {
        Assert.That(NearestWord.Distance(a, b), Is.EqualTo(distance));
        Assert.That(NearestWord.Distance(b, a), Is.EqualTo(distance));
    }

    [Test]
    public void A_very_long_word_costs_nothing() =>
        Assert.That(NearestWord.Find(new string('x', 1_000_000), ["model"]), Is.Null);
}
