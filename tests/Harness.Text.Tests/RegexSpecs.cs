using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Harness.Text.HuggingFace;
using Harness.Text.RegularExpressions;
using Harness.Text.Tests.HuggingFace;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Regular expressions of tokenizers match what the runtime's own engine matches, in linear time on any text.</summary>
public sealed class RegexSpecs
{
    private static readonly string[] Patterns =
    [
        PieceSplitter.Gpt2, JsonFiles.Llama3, JsonFiles.Qwen2, JsonFiles.Gpt4o, @"\d{1,3}(?=(?:\d{3})*\b)", @"(?=(\d{3})+(?!\d))",
        @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{2,}?|\s{4}(?!\S)|\s", @"(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+", "(a|ab)(c|bcd)*|x+?y|[^a-m&&[a-z]]",
        @"^\w+|\w+$|\b\p{Lu}|(?<=\s)\p{Ll}|(?<!a)b", @"[[:punct:]]+|\P{L}\x41?", "(?i)straße|ab[c-e]+",
    ];

    private static readonly string[] Hostile =
        ["(a|aa)*b", "(a*)*b", "(a+a+)+b", @"\s+(?!\S)|\s*x|\s+y", @"\d{1,3}(?=(?:\d{3})*\b)", "(?:a|b|ab)*c", "a*a*a*a*c", @"(?=(\d{3})+(?!\d))", "(?:a?){50}a{50}x"];

    [Test]
    public void Matches_are_those_of_the_runtime_on_random_text([ValueSource(nameof(Patterns))] string pattern)
    {
        var matcher = new RegexMatcher(pattern);
        var theirs = new System.Text.RegularExpressions.Regex(Translated(pattern), RegexOptions.CultureInvariant | RegexOptions.Multiline);
        var random = new Random(41);
        for (int i = 0; i < 400; i++)
        {
            // The runtime's word characters are fewer.
            bool words = pattern.Contains(@"\b", StringComparison.Ordinal) || pattern.Contains(@"\w", StringComparison.Ordinal);
            string text = i % 2 == 0 && !words ? Plain(RandomText.Next(random)) : Letters(random);
            var expected = theirs.Matches(text).Select(m => (m.Index, m.Index + m.Length));
            Assert.That(Find(matcher, text, 48), Is.EqualTo(expected), $"'{text}'");
            Assert.That(Find(matcher, text, 0), Is.EqualTo(expected), $"remembering failures, '{text}'");
        }
    }

    [Test]
    public void Steps_grow_no_faster_than_the_text([ValueSource(nameof(Hostile))] string pattern)
    {
        var matcher = new RegexMatcher(pattern);
        foreach (string unit in (string[])["a", "ab", " ", "7", " a", "aaaa "])
        {
            long once = Steps(matcher, unit, 4000);
            long eightTimes = Steps(matcher, unit, 32_000);
            Assert.That(eightTimes, Is.LessThan(once * 10), $"'{unit}' repeated: {once.ToString(CultureInfo.InvariantCulture)} steps, then {eightTimes.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    [TestCase("(", "')'")]
    [TestCase("a)", "')'")]
    [TestCase("[a", "']'")]
    [TestCase("[b-a]", "backwards")]
    [TestCase(@"\p{Klingon}", "Klingon")]
    [TestCase(@"(a)\1", "\\1")]
    [TestCase("(?<=ab)c", "look behind")]
    [TestCase("(?>ab|a)c", "atomic")]
    [TestCase("*a", "nothing to repeat")]
    [TestCase("a{5000}", "count")]
    [TestCase("((a{1000}){1000})", "repeats too much")]
    public void What_is_not_supported_is_named(string pattern, string what) =>
        Assert.That(() => new RegexMatcher(pattern), Throws.InstanceOf<FormatException>().With.Message.Contains(what));

    [Test]
    public void Letters_beyond_the_basic_plane_are_one_code_point() =>
        Assert.That(Find(new RegexMatcher(@"\p{L}|."), "𐐀x🦙", 48), Is.EqualTo(new[] { (0, 1), (1, 2), (2, 3) }));

    private static (int, int)[] Find(RegexMatcher matcher, string text, int patience)
    {
        var matches = new List<RegexMatch>();
        matcher.FindAll(CodePoints.Of(text), matches, patience);
        return [.. matches.Select(m => (m.Start, m.End))];
    }

    private static long Steps(RegexMatcher matcher, string unit, int length) =>
        matcher.FindAll(CodePoints.Of(string.Concat(Enumerable.Repeat(unit, length / unit.Length))), []);

    // Where the two notations part.
    private static string Translated(string pattern) => pattern
        .Replace("[^a-m&&[a-z]]", "[^a-m]", StringComparison.Ordinal).Replace("[[:punct:]]", @"\p{P}", StringComparison.Ordinal)
        .Replace(@"\w", @"[\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}]", StringComparison.Ordinal);

    // The runtime matches UTF-16, and folds more letters.
    private static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
            plain.Append(rune.IsBmp && rune.Value is not (0x17F or 0x212A or 0x1E9E) && !(rune.Value is >= 0x24B6 and <= 0x24E9) && rune.Value is not (0x200C or 0x200D) ? (char)rune.Value : '?');
        return plain.ToString();
    }

    private static string Letters(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => "aabbcdxy 0123\n'sS.,AZé"[random.Next(22)]));
}
