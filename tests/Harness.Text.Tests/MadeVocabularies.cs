using System.Globalization;
using System.Text;

namespace Harness.Text.Tests;

/// <summary>Vocabularies of the kinds nobody published a sample of, made here: small, and awkward on purpose.</summary>
internal static class MadeVocabularies
{
    private static readonly Lazy<TokenizerData> AllPairs = new(MakeAllPairs);

    /// <summary>What <see cref="Make"/> makes.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "byte-level", "sentencepiece", "sentencepiece-no-prefix", "unigram", "unigram-mapped", "unigram-merging", "unigram-few",
        "wordpiece", "wordpiece-cased", "wordpiece-accents", "rwkv", "plamo2", "gemma4", "sarvam", "whitespace", "whitespace-lower", "dna", "hashed",
    ];

    /// <summary>The names of all pre-tokenizers, for <see cref="ForPreTokenizer"/>.</summary>
    public static IEnumerable<string> PreTokenizerNames => PreTokenization.PreTokenizers.Names.Order(StringComparer.Ordinal);

    /// <summary>Makes a vocabulary.</summary>
    public static TokenizerData Make(string name) => name switch
    {
        "byte-level" => SmallVocabulary.ByteLevel("llama-bpe"),
        "sentencepiece" => SmallVocabulary.SentencePiece(),
        "sentencepiece-no-prefix" => SmallVocabulary.SentencePiece() with { AddSpacePrefix = false },
        "unigram" => Unigram() with { AddSpacePrefix = true },
        "unigram-mapped" => Unigram() with { AddSpacePrefix = true, PrecompiledCharacterMap = Map() },
        "unigram-merging" => Unigram() with { AddSpacePrefix = true, RemoveExtraWhitespaces = true, PrecompiledCharacterMap = Map(), AddBos = true, BosId = 2 },
        "unigram-few" => Few(Unigram()),
        "wordpiece" => WordPiece(),
        "wordpiece-cased" => WordPiece() with { Lowercases = false },
        "wordpiece-accents" => WordPiece() with { Lowercases = true, StripsAccents = false },
        "rwkv" => RwkvWorld(),
        "plamo2" => Plamo(),
        "gemma4" => SmallVocabulary.PlainBytePair() with { Model = "gemma4", Pre = null, BosId = 1, EosId = 2 },
        "sarvam" => SmallVocabulary.PlainBytePair() with { Model = "gpt2", Pre = "sarvam-moe" },
        "whitespace" => SmallVocabulary.PlainBytePair() with { Model = "whitespace", Pre = "whitespace" },
        "whitespace-lower" => SmallVocabulary.ByteLevel("gpt-2") with { Model = "whitespace", Lowercases = true },
        "dna" => Dna(),
        "hashed" => SmallVocabulary.ByteLevel() with { Model = "test", Pre = null, Merges = [] },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a made vocabulary"),
    };

    /// <summary>A byte-level vocabulary in which nearly every two neighbours merge, so that every cut shows.</summary>
    public static TokenizerData ForPreTokenizer(string name) =>
        name is "gemma4" or "granite-embed-multi-311m" or "sarvam-moe" or "whitespace"
            ? SmallVocabulary.PlainBytePair() with { Model = name == "whitespace" ? name : "gpt2", Pre = name, BosId = 1, EosId = 2 }
            : AllPairs.Value with { Pre = name };

    /// <summary>Random printable words of the lesson's kind, each once.</summary>
    private static List<string> Pieces(int count, int seed)
    {
        var random = new Random(seed);
        var pieces = new HashSet<string>(StringComparer.Ordinal);
        string[] letters = [.. "abcdefghijklmnopqrstuvwxyz0123456789 '.,!ABCDEFéüñßабвгд你好世界のはá́가나".EnumerateRunes().Select(r => r.ToString())];
        while (pieces.Count < count)
        {
            int length = 1 + random.Next(random.Next(1, 7));
            var piece = new StringBuilder(random.Next(3) == 0 ? "▁" : "");
            for (int i = 0; i < length; i++)
                piece.Append(letters[random.Next(random.Next(2) == 0 ? 8 : letters.Length)]);
            pieces.Add(piece.ToString().Replace(' ', '▁'));
        }

        return [.. pieces];
    }

    private static TokenizerData Unigram()
    {
        var random = new Random(101);
        List<string> tokens = ["<pad>", "</s>", "<unk>"];
        List<int> types = [3, 3, 2];
        List<float> scores = [0, 0, 0];
        foreach (string piece in Pieces(1500, 102).Concat(["▁", "a", "b", "e", "t", "th", "the", "▁the", "▁▁", "\uFFFD", "é", "½"]).Distinct())
        {
            tokens.Add(piece);
            types.Add(random.Next(40) == 0 ? 5 : 1);

            // Few different scores, so that there are ties.
            scores.Add(-2 - (random.Next(60) / 4f) - (random.Next(3) * 0.1f));
        }

        foreach (string piece in (string[])["<extra_id_0>", "<extra_id_1>", "[user]", "§§"])
        {
            tokens.Add(piece);
            types.Add(4);
            scores.Add(-7);
        }

        return new TokenizerData
        {
            Model = "t5",
            Architecture = "t5",
            Tokens = SmallVocabulary.Bytes(tokens),
            Types = types.ToArray(),
            Scores = scores.ToArray(),
        };
    }

    // Hardly any letters: nearly all is unknown.
    private static TokenizerData Few(TokenizerData data)
    {
        int[] kept = [.. Enumerable.Range(0, data.Tokens.Count).Where(i => i % 17 == 0 || i < 3)];
        return data with
        {
            Tokens = [.. kept.Select(i => data.Tokens[i])],
            Types = (int[])[.. kept.Select(i => data.Types.Span[i])],
            Scores = (float[])[.. kept.Select(i => data.Scores.Span[i])],
        };
    }

    private static byte[] Map() => CharacterMapWriter.Write(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["\t"] = " ",
        ["\n"] = " ",
        ["\r"] = "",
        ["\u00A0"] = " ",
        ["\u3000"] = " ",
        ["\u200B"] = " ",
        ["ﬁ"] = "fi",
        ["ﬂ"] = "fl",
        ["½"] = "1⁄2",
        ["Ａ"] = "A",
        ["Ｂ"] = "B",
        ["１"] = "1",
        ["２"] = "2",
        ["３"] = "3",
        ["．"] = ".",
        ["\u0301"] = "",
        ["e\u0301"] = "é",
        ["E\u0301"] = "É",
        ["a\u0301"] = "á",
        ["\uFEFF"] = "",
        ["㌀"] = "アパート",
        ["…"] = "...",
        ["\u0001"] = "",
        ["  "] = " ",
        ["<e"] = "‹e",
    });

    private static TokenizerData WordPiece()
    {
        List<string> tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        for (int c = 0x21; c < 0x7F; c++)
            tokens.Add("▁" + (char)c);
        tokens.AddRange(Pieces(1200, 103).Select(p => p.Replace("'", "", StringComparison.Ordinal)).Where(p => p.Trim('▁').Length > 0)
            .SelectMany(p => (string[])[p.TrimStart('▁'), "▁" + p.TrimStart('▁')]).Concat("abcdefghijklmnopqrstuvwxyz".Select(c => c.ToString()))
            .Concat(["▁你", "▁好", "▁é", "▁中", "é", "▁ß", "ss", "▁the", "the", "▁hello"]).Distinct().Where(p => !tokens.Contains(p)));
        int[] types = [.. tokens.Select((_, i) => i < 5 ? (i == 1 ? 2 : 3) : 1)];
        return new TokenizerData
        {
            Model = "bert",
            Pre = "jina-v2-en",
            Architecture = "bert",
            Tokens = SmallVocabulary.Bytes(tokens),
            Types = types,
            BosId = 2,
            UnkId = 1,
            SepId = 3,
            PadId = 0,
            MaskId = 4,
        };
    }

    private static TokenizerData RwkvWorld()
    {
        List<string> tokens = ["<s>"];
        for (int value = 0; value < 256; value++)
            tokens.Add(value is >= 0x20 and < 0x7F ? (value == '\\' ? "\\\\" : ((char)value).ToString()) : Escaped((byte)value));
        foreach (string piece in Pieces(1500, 104).Select(p => p.Replace('▁', ' ')).Where(p => p.Length > 1).Distinct())
            tokens.Add(piece);
        tokens.AddRange(["\\n\\n", "\\r\\n", "\\t\\t", "\\x00\\x00", "\\xe4\\xbd", "<|rwkv|>"]);
        int[] types = [.. tokens.Select((t, i) => i == 0 || t == "<|rwkv|>" ? 3 : 1)];
        return new TokenizerData
        {
            Model = "rwkv",
            Architecture = "rwkv6",
            Tokens = SmallVocabulary.Bytes(tokens),
            Types = types,
        };

        static string Escaped(byte value) => value switch
        {
            (byte)'\t' => "\\t",
            (byte)'\n' => "\\n",
            (byte)'\r' => "\\r",
            _ => $"\\x{value.ToString("x2", CultureInfo.InvariantCulture)}",
        };
    }

    private static TokenizerData Plamo()
    {
        var random = new Random(105);
        List<string> tokens = ["<|plamo:unk|>", "<|plamo:bos|>", "<|plamo:eos|>", "<|plamo:pad|>"];
        List<int> types = [2, 3, 3, 3];
        List<float> scores = [0, 0, 0, 0];
        for (int value = 0; value < 256; value++)
        {
            tokens.Add($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>");
            types.Add(6);
            scores.Add(-20);
        }

        foreach (string piece in Pieces(1500, 106).Select(p => p.Replace('▁', ' ')).Distinct())
        {
            tokens.Add(piece);
            types.Add(1);
            scores.Add(random.Next(50) switch { 0 => float.NaN, 1 => float.NegativeInfinity, 2 => -3000, _ => -2 - (random.Next(80) / 8f) });
        }

        return new TokenizerData
        {
            Model = "plamo2",
            Architecture = "plamo2",
            Tokens = SmallVocabulary.Bytes(tokens),
            Types = types.ToArray(),
            Scores = scores.ToArray(),
        };
    }

    private static TokenizerData Dna()
    {
        TokenizerData data = SmallVocabulary.ByteLevel("qwen2") with { Model = "hybriddna" };
        var random = new Random(107);
        List<string> added = ["<dna>", "</dna>", "<oov>"];
        for (int i = 0; i < 3000; i++)
            added.Add(string.Concat(Enumerable.Range(0, 6).Select(_ => "ACGT"[random.Next(4)])) + '\uE000');
        added = [.. added.Distinct()];
        return data with
        {
            Tokens = [.. data.Tokens, .. SmallVocabulary.Bytes(added)],
            Types = (int[])[.. data.Types.Span, .. Enumerable.Repeat(1, added.Count)],
        };
    }

    private static TokenizerData MakeAllPairs()
    {
        var random = new Random(108);
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(b => SmallVocabulary.Letter((byte)b))];
        byte[] text = [9, 10, 13, .. Enumerable.Range(32, 95).Select(i => (byte)i)];
        List<(byte, byte)> pairs = [.. text.SelectMany(a => text.Select(b => (a, b)))];
        for (int tail = 0x80; tail < 0xC0; tail++)
        {
            foreach (byte next in (byte[])[0xC2, 0xC3, 0xCC, 0xD0, 0xD1, 0xE0, 0xE2, 0xE3, 0xE4, 0xE5, 0xE9, 0xEA, 0xEF, 0xF0, .. " \nas19'/"u8])
                pairs.Add(((byte)tail, next));
            foreach (byte before in " \nas19'/"u8)
                pairs.Add((before, (byte)(0xC2 + (tail & 0x1F))));
        }

        var merges = new List<string>();
        foreach ((byte a, byte b) in pairs.Distinct().OrderBy(_ => random.Next()).Take(6000))
        {
            merges.Add($"{SmallVocabulary.Letter(a)} {SmallVocabulary.Letter(b)}");
            tokens.Add(SmallVocabulary.Letter(a) + SmallVocabulary.Letter(b));
        }

        tokens.Add("<|endoftext|>");
        return new TokenizerData
        {
            Model = "gpt2",
            Tokens = SmallVocabulary.Bytes(tokens),
            Types = (int[])[.. Enumerable.Repeat(1, tokens.Count - 1), 3],
            Merges = SmallVocabulary.Bytes(merges),
            BosId = tokens.Count - 1,
            EosId = tokens.Count - 1,
        };
    }
}
