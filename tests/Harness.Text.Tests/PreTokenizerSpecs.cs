using System.Text;
using Harness.Text.PreTokenization;
using NUnit.Framework;

namespace Harness.Text.Tests;

/// <summary>Text is cut into words as each named rule says. The expected cuts are those llama.cpp v0.5.0 makes.</summary>
public sealed class PreTokenizerSpecs
{
    [TestCase("gpt-2", "I'll say it's  1234!\n\n", "I|'ll| say| it|'s| | 1234|!|\n\n")]
    [TestCase("gpt-2", "I'LL", "I|'|LL")]
    [TestCase("starcoder", "x 1234", "x| |1|2|3|4")]
    [TestCase("llama-bpe", "I'LL take 12345 (all)\n  of  it", "I|'LL| take| |123|45| (|all|)\n| | of| | it")]
    [TestCase("qwen2", "12 ab\r\n\r\n  c", "1|2| ab|\r\n\r\n| | c")]
    [TestCase("qwen35", "é́a", "é́a")]
    [TestCase("deepseek-coder", "中文 a, b1\n", "中文| a|,| b|1|\n")]
    [TestCase("deepseek-llm", "中文 ab12 ,c  ", "中文| ab|12| ,|c|  ")]
    [TestCase("deepseek-v3", "中文ab 1234~+\n", "中文|ab| |123|4|~+\n")]
    [TestCase("falcon", "a 12345,b", "a| |123|45|,|b")]
    [TestCase("default", "a 12345,b", "a| |123|45|,|b")]
    [TestCase("bloom", "ab, cd 12", "ab|,| cd| 12")]
    [TestCase("viking", "ab 12", "ab| |1|2")]
    [TestCase("tekken", "helloWorld ABCdef 12", "hello|World| ABCdef| |1|2")]
    [TestCase("gpt-4o", "helloWorld's 1234//\n", "hello|World's| |123|4|//\n")]
    [TestCase("superbpe", "12345678 12", "12|345|678| |12")]
    [TestCase("kimi-k2", "ab中文cd's", "ab|中文|cd's")]
    [TestCase("chameleon", "IMGIMGABZ 12", "IMGIMGABZ| |1|2")]
    public void Words_are_cut_as_the_rule_says(string name, string text, string words) =>
        Assert.That(string.Join('|', Split(name, text)), Is.EqualTo(words));

    [TestCase("gpt-2", "𝟘𝟙x𐐀𐐁", "𝟘𝟙|x𐐀𐐁")]
    [TestCase("llama-bpe", "𝟘𝟙𝟚𝟛𐐀", "𝟘𝟙𝟚|𝟛|𐐀")]
    [TestCase("qwen2", "𝟘𝟙", "𝟘|𝟙")]
    public void Letters_and_digits_beyond_the_basic_plane_are_letters_and_digits(string name, string text, string words) =>
        Assert.That(string.Join('|', Split(name, text)), Is.EqualTo(words));

    [Test]
    public void White_space_is_what_Unicode_calls_white_space()
    {
        int[] white = [.. Enumerable.Range(0, 0x110000).Where(c => CodePointKind.Of(c) == CodePointKind.Whitespace)];
        Assert.That(
            white,
            Is.EqualTo(new[] { 0x85, 0xA0, 0x1680 }.Concat(Enumerable.Range(0x2000, 11)).Concat([0x2028, 0x2029, 0x202F, 0x205F, 0x3000])));
    }

    [Test]
    public void The_classes_of_all_code_points_are_those_of_Unicode_15_1_on_every_runtime()
    {
        byte[] kinds = [.. Enumerable.Range(0, 0x110000).Select(CodePointKind.Of)];
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(kinds));
        Assert.That(hash, Is.EqualTo("84973bc8bfd827c8d306a0d898fe93cf0d81c2141d3355cccc9ea41192ebccae"));
    }

    [Test]
    public void No_rule_loses_or_doubles_a_character()
    {
        var random = new Random(7);
        foreach (string name in PreTokenizers.Names)
        {
            for (int i = 0; i < 30; i++)
            {
                string text = RandomText.Next(random);
                Assert.That(string.Concat(Split(name, text)), Is.EqualTo(text), name);
            }
        }
    }

    [Test]
    public void Every_rule_takes_linear_time_on_long_runs()
    {
        // A quadratic rule would take billions of steps for one of these: minutes.
        const int Length = 60_000;
        string[] texts =
        [
            new string(' ', Length) + "x", new string(' ', Length) + "7", new('\n', Length), new('7', Length),
            new('A', Length), new('\'', Length), new('中', Length), new('\u0301', Length),
            string.Concat(Enumerable.Repeat(" \n", Length / 2)), string.Concat(Enumerable.Repeat("IMGIMG", Length / 6)),
            "<sentinel:" + new string('1', Length),
        ];
        string[] names =
        [
            "default", "gpt-2", "starcoder", "llama-bpe", "qwen2", "qwen35", "ufakzeka", "laguna", "minicpm5", "bailingmoe",
            "seed-coder", "jais-2", "exaone-moe", "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5", "afmoe",
            "youtu", "falcon", "bloom", "viking", "tekken", "gpt-4o", "granite-embed-multi-97m", "tiny_aya", "superbpe",
            "chameleon", "kimi-k2",
        ];
        foreach (string name in names)
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            foreach (string text in texts)
                CountWords(name, text);
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)), name);
        }
    }

    private static List<string> Split(string name, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        byte[] kinds = [];
        int[] offsets = [];
        SplitText laidOut = SplitText.Of(utf8, ref kinds, ref offsets);
        var words = new List<string>();
        int start = 0;
        foreach (int end in PreTokenizers.Create(name).Split(laidOut, [], []))
        {
            words.Add(Encoding.UTF8.GetString(laidOut.Bytes(start, end)));
            start = end;
        }

        return words;
    }

    private static int CountWords(string name, string text)
    {
        byte[] kinds = [];
        int[] offsets = [];
        SplitText laidOut = SplitText.Of(Encoding.UTF8.GetBytes(text), ref kinds, ref offsets);
        return PreTokenizers.Create(name).Split(laidOut, [], []).Count;
    }
}
