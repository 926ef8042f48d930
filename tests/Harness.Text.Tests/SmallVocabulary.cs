using System.Globalization;
using System.Text;

namespace Harness.Text.Tests;

/// <summary>Vocabularies of a few hundred tokens, learned here from a short text: the same on every machine.</summary>
internal static class SmallVocabulary
{
    private const string Lesson =
        """
        The harness tries every model on every engine and writes down what it saw. It's not enough that a model loads;
        it must run, and what it says must be right. I'll say it once more: we've seen 1234 cells, and they're all true.
        for (int i = 0; i < 1000; i++) { total += values[i]; }    // the sum of all the values
        def hello(name):
            return "hello, " + name
        Äpfel und Öl, größer als 3.14 — naïve café. Привет, мир! Здравствуй, мир! 你好，世界。世界你好。 こんにちは 안녕하세요 שלום 🦙🦙 🚀
        the there then they them the other this that these those the the the     and and   and hello hello hello
        """;

    private const int Merges = 220;

    private static readonly Lazy<TokenizerData> LearnedByteLevel = new(LearnByteLevel);
    private static readonly Lazy<TokenizerData> LearnedSentencePiece = new(LearnSentencePiece);

    /// <summary>Byte-level BPE with three control tokens and two user-defined ones.</summary>
    public static TokenizerData ByteLevel(string pre = "gpt-2") => LearnedByteLevel.Value with { Pre = pre };

    /// <summary>SentencePiece BPE with byte fallback; <c>&lt;unk&gt;</c>, <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c> first.</summary>
    public static TokenizerData SentencePiece() => LearnedSentencePiece.Value;

    /// <summary>BPE over characters with byte tokens for what is missing, spaces written U+2581: Gemma's kind.</summary>
    public static TokenizerData PlainBytePair()
    {
        List<string> tokens = ["<unk>", "<bos>", "<eos>", "<start_of_turn>"];
        for (int value = 0; value < 256; value++)
            tokens.Add($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>");
        List<List<string>> words =
            [.. Words().Select(w => w.Replace(' ', '▁').EnumerateRunes().Select(r => r.ToString()).ToList())];
        string[] letters = [.. words.SelectMany(w => w).Where(c => c[0] is < (char)0x450 or '▁' or '你').Distinct().Order(StringComparer.Ordinal)];
        var merges = new List<string>();
        List<string> merged = [];
        foreach ((string left, string right) in Learn(words).Append(("▁", "▁")).Append(("\n", "\n")))
        {
            merges.Add($"{left} {right}");
            merged.Add(left + right);
        }

        tokens.AddRange(letters.Concat(merged).Append("\n\n\n").Append("\n\n\n\n").Append("\n\n\n\n\n").Distinct(StringComparer.Ordinal));
        int[] types = [.. tokens.Select((_, i) => i == 0 ? 2 : i < 4 ? 3 : i < 260 ? 6 : 1)];
        return new TokenizerData { Model = "gemma4", Tokens = Bytes(tokens), Types = types, Merges = Bytes(merges) };
    }

    private static TokenizerData LearnByteLevel()
    {
        var tokens = new List<string>();
        for (int value = 0; value < 256; value++)
            tokens.Add(Letter((byte)value));
        var merges = new List<string>();
        foreach ((string left, string right) in Learn(Words().Select(w => Encoding.UTF8.GetBytes(w).Select(Letter).ToList())))
        {
            tokens.Add(left + right);
            merges.Add($"{left} {right}");
        }

        int text = tokens.Count;
        tokens.AddRange(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool>", "<tool>x"]);
        int[] types = [.. Enumerable.Repeat(1, text), 3, 3, 3, 4, 4];
        return new TokenizerData
        {
            Model = "gpt2",
            Tokens = Bytes(tokens),
            Types = types,
            Merges = Bytes(merges),
            BosId = text,
            EosId = text,
        };
    }

    private static TokenizerData LearnSentencePiece()
    {
        List<string> tokens = ["<unk>", "<s>", "</s>"];
        List<int> types = [2, 3, 3];
        for (int value = 0; value < 256; value++)
            tokens.Add($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>");
        types.AddRange(Enumerable.Repeat(6, 256));
        List<List<string>> words =
            [.. Words().Select(w => w.Replace(' ', '▁').EnumerateRunes().Select(r => r.ToString()).ToList())];
        int bytes = tokens.Count;
        foreach ((string left, string right) in Learn(words.Select(w => new List<string>(w))))
            tokens.Add(left + right);
        var scores = new List<float>(Enumerable.Repeat(0f, bytes));
        for (int id = bytes; id < tokens.Count; id++)
            scores.Add(bytes - id);

        // Common letters come last and are never merged to; Cyrillic and Hangul have none and fall back to bytes.
        foreach (string letter in words.SelectMany(w => w).Where(c => c[0] is < (char)0x250 or '▁').Distinct().Order(StringComparer.Ordinal))
        {
            tokens.Add(letter);
            scores.Add(-1e6f);
        }

        types.AddRange(Enumerable.Repeat(1, tokens.Count - types.Count));
        tokens.AddRange(["<|user|>", "<tool>"]);
        types.AddRange([3, 4]);
        scores.AddRange([0, 0]);
        return new TokenizerData
        {
            Model = "llama",
            Tokens = Bytes(tokens),
            Types = types.ToArray(),
            Scores = scores.ToArray(),
        };
    }

    /// <summary>Byte strings of texts.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Bytes(IEnumerable<string> texts) =>
        [.. texts.Select(t => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(t)))];

    /// <summary>GPT-2's letter for a byte, written from the definition rather than from the code under test.</summary>
    public static string Letter(byte value)
    {
        static bool Printable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return Printable(value)
            ? ((char)value).ToString()
            : ((char)(256 + Enumerable.Range(0, value).Count(b => !Printable(b)))).ToString();
    }

    private static IEnumerable<string> Words()
    {
        string text = Lesson.Replace("\r\n", "\n", StringComparison.Ordinal);
        int start = 0;
        for (int i = 1; i <= text.Length; i++)
        {
            if (i < text.Length && (text[i] != ' ' || text[i - 1] == ' '))
                continue;
            yield return text[start..i];
            start = i;
        }
    }

    // The commonest pair of neighbours, the first in ordinal order among equals, again and again.
    private static List<(string Left, string Right)> Learn(IEnumerable<List<string>> from)
    {
        List<List<string>> words = [.. from];
        var learned = new List<(string, string)>();
        var made = new HashSet<string>(StringComparer.Ordinal);
        while (learned.Count < Merges)
        {
            var counts = new Dictionary<(string Left, string Right), int>();
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                    counts[(word[i], word[i + 1])] = counts.GetValueOrDefault((word[i], word[i + 1])) + 1;
            }

            (string Left, string Right) best = counts
                .Where(p => !made.Contains(p.Key.Left + p.Key.Right))
                .OrderByDescending(p => p.Value)
                .ThenBy(p => p.Key.Left, StringComparer.Ordinal)
                .ThenBy(p => p.Key.Right, StringComparer.Ordinal)
                .First().Key;
            made.Add(best.Left + best.Right);
            learned.Add(best);
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] != best.Left || word[i + 1] != best.Right)
                        continue;
                    word[i] += word[i + 1];
                    word.RemoveAt(i + 1);
                }
            }
        }

        return learned;
    }
}
