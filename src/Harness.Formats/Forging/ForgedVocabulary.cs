using System.Globalization;
using System.Text;
using Harness.Formats.Gguf;

namespace Harness.Formats.Forging;

/// <summary>
/// A small tokenizer that works: every byte has a token, and a few dozen words of our own are built from pieces, so that
/// merging has something to do. Longer vocabularies are filled up with tokens that no text reaches.
/// </summary>
internal sealed record ForgedVocabulary(IReadOnlyList<KeyValuePair<string, GgufValue>> Metadata, int Count)
{
    private const string Filler = "token";

    private enum TokenType
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        Byte = 6,
    }

    // A space at the front belongs to the word, as in both kinds of tokenizer.
    private static readonly string[] Words =
    [
        " the", " and", " of", " to", " is", " in", " that", " it", " for", " with", " on", " was", " are", " be",
        "ing", "tion", "er", "ed", "ly", "es", "al", "un", "Hello", " hello", " world", " model", " token", " layer",
        " capital", " city", " number", " return", " value", " prints", "The", "This", "What", "    ", "\n\n", "é", "ü", "中文",
    ];

    /// <summary>Makes a vocabulary.</summary>
    /// <param name="kind">The tokenizer's kind.</param>
    /// <param name="count">How many tokens; 0 for as many as the words need.</param>
    /// <exception cref="ForgeException">The words need more than that many.</exception>
    public static ForgedVocabulary Of(ForgedTokenizer kind, int count = 0) => kind switch
    {
        ForgedTokenizer.SentencePiece => SentencePiece(count),
        ForgedTokenizer.BpeQwen2 => BytePairs(
            "qwen2", count, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], begin: "<|endoftext|>", addBegin: false, ChatTemplates.ChatMl),
        _ => BytePairs(
            "llama-bpe",
            count,
            ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"],
            begin: "<|begin_of_text|>",
            addBegin: true,
            ChatTemplates.Headers),
    };

    /// <summary>Whether a token only fills the vocabulary up: no text reaches it.</summary>
    public static bool IsFiller(string token)
    {
        string text = token.TrimStart('▁');
        return text.Length > Filler.Length && text.StartsWith(Filler, StringComparison.Ordinal) && text.AsSpan(Filler.Length).IndexOfAnyExceptInRange('0', '9') < 0;
    }

    private static ForgedVocabulary BytePairs(
        string pre, int count, string[] controls, string begin, bool addBegin, string template)
    {
        char[] alphabet = ByteAlphabet();
        var tokens = alphabet.Select(c => c.ToString()).ToList();
        var known = new HashSet<string>(tokens, StringComparer.Ordinal);
        var merges = new List<string>();
        foreach (string word in Words)
        {
            // From the left, one byte more at a time: " the" needs " t", " th", " the".
            string mapped = string.Concat(Encoding.UTF8.GetBytes(word).Select(b => alphabet[b]));
            for (int length = 2; length <= mapped.Length; length++)
            {
                string piece = mapped[..length];
                if (!known.Add(piece))
                    continue;
                merges.Add($"{piece[..^1]} {piece[^1]}");
                tokens.Add(piece);
            }
        }

        var types = Enumerable.Repeat((int)TokenType.Normal, tokens.Count).ToList();
        FillUp(tokens, types, count - controls.Length, Filler);
        tokens.AddRange(controls);
        types.AddRange(controls.Select(_ => (int)TokenType.Control));
        int end = tokens.IndexOf(pre == "qwen2" ? "<|im_end|>" : "<|eot_id|>");
        return new ForgedVocabulary(
        [
            new("tokenizer.ggml.model", GgufValue.Of("gpt2")),
            new("tokenizer.ggml.pre", GgufValue.Of(pre)),
            new("tokenizer.ggml.tokens", GgufValue.OfStrings(tokens)),
            new("tokenizer.ggml.token_type", GgufValue.OfArray(types.ToArray())),
            new("tokenizer.ggml.merges", GgufValue.OfStrings(merges)),
            new("tokenizer.ggml.bos_token_id", GgufValue.Of((uint)tokens.IndexOf(begin))),
            new("tokenizer.ggml.eos_token_id", GgufValue.Of((uint)end)),
            new("tokenizer.ggml.padding_token_id", GgufValue.Of((uint)(tokens.Count - 1))),
            new("tokenizer.ggml.add_bos_token", GgufValue.Of(addBegin)),
            new("tokenizer.chat_template", GgufValue.Of(template)),
        ],
        tokens.Count);
    }

    private static ForgedVocabulary SentencePiece(int count)
    {
        List<string> tokens = ["<unk>", "<s>", "</s>"];
        List<int> types = [(int)TokenType.Unknown, (int)TokenType.Control, (int)TokenType.Control];
        for (int b = 0; b < 256; b++)
        {
            tokens.Add(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"));
            types.Add((int)TokenType.Byte);
        }

        // Pieces of two and more first: an earlier piece has the better score and is merged first.
        var known = new HashSet<string>(StringComparer.Ordinal);
        var characters = new List<string>();
        foreach (string word in Words)
        {
            string mapped = word.Replace(' ', '▁');
            characters.AddRange(mapped.Select(c => c.ToString()));
            for (int length = 2; length <= mapped.Length; length++)
            {
                if (known.Add(mapped[..length]))
                    tokens.Add(mapped[..length]);
            }
        }

        IEnumerable<string> ascii = Enumerable.Range('!', '~' - '!' + 1).Select(c => ((char)c).ToString());
        tokens.AddRange(characters.Concat(ascii).Where(known.Add));
        types.AddRange(Enumerable.Repeat((int)TokenType.Normal, tokens.Count - types.Count));
        FillUp(tokens, types, count, "▁▁" + Filler);
        const int first = 3 + 256;
        float[] scores = [.. Enumerable.Range(0, tokens.Count).Select(i => i < first ? 0f : first - i)];
        return new ForgedVocabulary(
        [
            new("tokenizer.ggml.model", GgufValue.Of("llama")),
            new("tokenizer.ggml.pre", GgufValue.Of("default")),
            new("tokenizer.ggml.tokens", GgufValue.OfStrings(tokens)),
            new("tokenizer.ggml.scores", GgufValue.OfArray(scores)),
            new("tokenizer.ggml.token_type", GgufValue.OfArray(types.ToArray())),
            new("tokenizer.ggml.bos_token_id", GgufValue.Of(1u)),
            new("tokenizer.ggml.eos_token_id", GgufValue.Of(2u)),
            new("tokenizer.ggml.unknown_token_id", GgufValue.Of(0u)),
            new("tokenizer.ggml.add_bos_token", GgufValue.Of(true)),
            new("tokenizer.ggml.add_eos_token", GgufValue.Of(false)),
            new("tokenizer.ggml.add_space_prefix", GgufValue.Of(true)),
            new("tokenizer.chat_template", GgufValue.Of(ChatTemplates.Instructions)),
        ],
        tokens.Count);
    }

    private static void FillUp(List<string> tokens, List<int> types, int count, string prefix)
    {
        if (count > 0 && tokens.Count > count)
        {
            string least = tokens.Count.ToString(CultureInfo.InvariantCulture);
            throw new ForgeException("the vocabulary is too small for a working tokenizer", "vocabulary", $"At least {least} tokens and some control tokens are needed.");
        }

        for (int i = tokens.Count; i < count; i++)
        {
            tokens.Add(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i:D6}"));
            types.Add((int)TokenType.Normal);
        }
    }

    // GPT-2's map from bytes to printable characters: printable Latin-1 stands for itself, the rest for U+0100 on.
    private static char[] ByteAlphabet()
    {
        var alphabet = new char[256];
        int next = 256;
        for (int b = 0; b < alphabet.Length; b++)
            alphabet[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
        return alphabet;
    }
}
