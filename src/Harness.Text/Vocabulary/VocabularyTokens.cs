namespace Harness.Text.Vocabulary;

/// <summary>The texts of a vocabulary as encoders look for them.</summary>
internal static class VocabularyTokens
{
    /// <summary>All texts by id, a placeholder where one is empty, as llama.cpp has it.</summary>
    /// <exception cref="TokenizerException">A text is there twice: one of the ids could never be meant.</exception>
    public static ReadOnlyMemory<byte>[] Distinct(TokenizerData data)
    {
        var seen = new ByteStringTable(data.Tokens.Count, data.Tokens.Count * 8);
        var texts = new ReadOnlyMemory<byte>[data.Tokens.Count];
        for (int id = 0; id < texts.Length; id++)
        {
            texts[id] = data.Tokens[id].IsEmpty ? Tokenizer.TextOrPlaceholder(default, id).ToArray() : data.Tokens[id];
            int number = seen.Add(texts[id].Span, out bool added);
            if (!added)
                throw Tokenizer.DuplicateToken(number, id, texts[id].Span);
        }

        return texts;
    }

    /// <summary>The type of a token as the metadata has it, before any correction.</summary>
    public static TokenType TypeOf(TokenizerData data, int id) =>
        id < data.Types.Length ? (TokenType)data.Types.Span[id] : TokenType.Normal;

    /// <summary>The score of a token; 0 where there are none.</summary>
    public static float ScoreOf(TokenizerData data, int id) => id < data.Scores.Length ? data.Scores.Span[id] : 0;

    /// <summary>The token's bytes with every U+2581 as a space.</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> escaped = [0xE2, 0x96, 0x81];
        var piece = new List<byte>(text.Length);
        while (!text.IsEmpty)
        {
            bool space = text.StartsWith(escaped);
            piece.Add(space ? (byte)' ' : text[0]);
            text = text[(space ? escaped.Length : 1)..];
        }

        return [.. piece];
    }
}
