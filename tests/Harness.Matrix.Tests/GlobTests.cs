using System.Diagnostics;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>Patterns match what people expect of them, and cost little whatever they are.</summary>
public sealed class GlobTests
{
    [TestCase("qwen*", "qwen2.5-0.5b", true)]
    [TestCase("*", "", true)]
    [TestCase("q?_k_m", "Q4_K_M", true)]
    [TestCase("Q[45]_K_M", "q5_k_m", true)]
    [TestCase("Q[4-6]_K", "Q6_K", true)]
    [TestCase("Q[!4-6]_K", "Q6_K", false)]
    [TestCase("nano", "nano2", false)]
    [TestCase("nano?", "nano", false)]
    [TestCase("*b*b*", "abcb", true)]
    [TestCase("a.c", "abc", false)]
    public void A_pattern_matches_the_whole_name_in_any_case(string pattern, string name, bool matches)
    {
        Assert.That(Parse(pattern).Matches(name), Is.EqualTo(matches));
    }

    [Test]
    public void Patterns_agree_with_regular_expressions_on_random_names()
    {
        Random random = new(7);
        for (int round = 0; round < 4_000; round++)
        {
            string pattern = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => "ab*?*"[random.Next(5)]));
            string name = string.Concat(Enumerable.Range(0, random.Next(0, 9)).Select(_ => "ab"[random.Next(2)]));
            string regex = "\\A" + pattern.Replace("*", ".*", StringComparison.Ordinal).Replace('?', '.') + "\\z";
            Assert.That(Parse(pattern).Matches(name), Is.EqualTo(Regex.IsMatch(name, regex)), () => $"{pattern} on {name}");
        }
    }

    [Test]
    public void A_pattern_of_many_stars_does_not_hang()
    {
        Glob glob = Parse(string.Concat(Enumerable.Repeat("*a", 90)) + "b");
        Stopwatch watch = Stopwatch.StartNew();
        Assert.That(glob.Matches(new string('a', 20_000)), Is.False);
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(5)));
    }

    [TestCase("")]
    [TestCase("[")]
    [TestCase("a]")]
    [TestCase("[]")]
    [TestCase("[!]")]
    [TestCase("[a[b]")]
    [TestCase("a\u0001")]
    public void What_is_no_pattern_is_refused_with_the_reason(string text)
    {
        Assert.That(Glob.TryParse(text, out _, out string? fault), Is.False);
        Assert.That(fault, Is.Not.Empty);
    }

    [TestCase("[a-]", "-", true)]
    [TestCase("[-a]", "a", true)]
    [TestCase("[a-", "a", false)]
    public void Dashes_at_the_edge_of_brackets_are_themselves(string pattern, string name, bool matches) =>
        Assert.That(Glob.TryParse(pattern, out Glob? glob, out _) && glob.Matches(name), Is.EqualTo(matches));

    private static Glob Parse(string text) =>
        Glob.TryParse(text, out Glob? glob, out string? fault) ? glob : throw new ArgumentException(fault, nameof(text));
}
