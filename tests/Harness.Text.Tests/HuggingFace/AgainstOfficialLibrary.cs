using System.Text;
using NUnit.Framework;

namespace Harness.Text.Tests.HuggingFace;

/// <summary><c>tokenizer.json</c> files give the ids and texts that HuggingFace's own library for JavaScript gives.</summary>
public sealed class AgainstOfficialLibrary
{
    // All files in one go: starting Node.js takes longer than what it is asked.
    private static readonly Lazy<Dictionary<string, NodeTokenizers.Answer[]>> Answers = new(() =>
        Files.Zip(NodeTokenizers.Encode([.. Files.Select(n => new NodeTokenizers.Question(Json(n), Texts(n)))])).ToDictionary(p => p.First, p => p.Second));

    private static IEnumerable<string> Files => JsonFiles.Names.Concat(VocabulariesAtHand.JsonFolders);

    [TestCaseSource(nameof(Files))]
    public void A_file_gives_its_ids_and_texts(string name)
    {
        var tokenizer = HuggingFaceTokenizer.Parse(Encoding.UTF8.GetBytes(Json(name)));
        string[] texts = Texts(name);
        NodeTokenizers.Answer[] answers = Answers.Value[name];
        var differing = new List<string>();
        for (int i = 0; i < texts.Length; i++)
        {
            int[] bare = tokenizer.Encode(texts[i], parseSpecial: true);
            Note(bare.SequenceEqual(answers[i].Bare), "ids", string.Join(' ', bare), string.Join(' ', answers[i].Bare), i);
            int[] whole = tokenizer.EncodePrompt(texts[i]);
            Note(whole.SequenceEqual(answers[i].Whole), "prompt", string.Join(' ', whole), string.Join(' ', answers[i].Whole), i);
            string text = tokenizer.Decode(bare);
            Note(text == answers[i].Text, "text", text, answers[i].Text, i);
        }

        Assert.That(differing, Is.Empty, $"{differing.Count} of {texts.Length}");

        void Note(bool same, string what, string ours, string theirs, int i)
        {
            if (!same)
                differing.Add($"{what} of '{texts[i]}': ours {ours}, theirs {theirs}");
        }
    }

    private static string Json(string name) =>
        JsonFiles.Names.Contains(name) ? JsonFiles.Make(name) : File.ReadAllText(Path.Combine(VocabulariesAtHand.PathOf(name), "tokenizer.json"));

    // Where the library for JavaScript is known to part from the reference in Rust, texts keep away: it does not cut at
    // every space mark, takes capital sigma by context, and knows no word characters ("Whitespace") or numbers ("Digits") beyond
    // ASCII.
    private static string[] Texts(string name)
    {
        string[] fixedTexts =
        [
            "hello world", " hello  world", "I'll say: we've seen 12345 models\n\n\tthen", "größer, naïve café", "Привет, мир", "你好，世界🦙",
            "<tool> the <tool>x<|im_start|>the", "the</s>the", "[CLS] the [MASK].", "x", " ", "the.", "e\u0301a½", "THEY'VE don't I'LL", "a_b 1,234.56",
            "for (int i = 0; i < 1000; i++) { total += values[i]; }", "<extra_id_0>the", "'S 'RE're",
        ];
        var random = new Random(31);
        IEnumerable<string> randomTexts = Enumerable.Range(0, 300).Select(_ => RandomText.Next(random));
        return [.. fixedTexts.Concat(randomTexts).Select(t => Kept(t, name)).Where(t => t.Trim().Length > 0)];
    }

    private static string Kept(string text, string name)
    {
        var kept = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            // Later Unicode than ours, and what only one of the two takes for white space or control.
            bool drop = System.Globalization.CharUnicodeInfo.GetUnicodeCategory(rune.Value) is System.Globalization.UnicodeCategory.OtherNotAssigned
                    or System.Globalization.UnicodeCategory.PrivateUse
                || rune.Value is 0x3A3 or 0x130 or 0xFEFF or 0x17F or 0x212A or 0x85 or 0 or 0xFFFD or 0x180E;
            drop |= name is "t5" or "xlm-r" && rune.Value is '▁';
            drop |= name is "starcoder" or "deepseek-coder" && rune.Value > 0x7F && Rune.IsNumber(rune);
            drop |= name is "word-level" && rune.Value > 0x7F;
            drop |= name.StartsWith("bert", StringComparison.Ordinal) && rune.Value is > 0xFFFF or < 0x20 or 0x7F;
            kept.Append(drop ? "x" : rune.ToString());
        }

        string result = kept.ToString();
        if (name is "t5" or "xlm-r")
        {
            while (result.Contains("  ", StringComparison.Ordinal))
                result = result.Replace("  ", " ", StringComparison.Ordinal);
            result = result.Trim();
        }

        return result;
    }
}
