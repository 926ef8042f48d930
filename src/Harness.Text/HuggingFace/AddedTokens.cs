using System.Runtime.InteropServices;
using System.Text;
using Harness.Text.RegularExpressions;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>A token that is found whole, before anything else.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether word characters must not touch it.</param>
/// <param name="StripsLeft">Whether white space in front belongs to it.</param>
/// <param name="StripsRight">Whether white space behind belongs to it.</param>
/// <param name="Normalized">Whether it is looked for in normalized text.</param>
/// <param name="Special">Whether it is structure, not text.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special)
{
    /// <summary>Reads an entry of <c>added_tokens</c>.</summary>
    public static AddedToken Read(JsonPlace json)
    {
        bool special = json.Flag("special");
        return new(
            json.Get("id").AsId(), json.Get("content").AsText(), json.Flag("single_word"), json.Flag("lstrip"), json.Flag("rstrip"),
            json.Flag("normalized", !special), special);
    }
}

/// <summary>Finds added tokens: leftmost, the longest among those that begin together.</summary>
internal sealed class AddedTokens
{
    private readonly List<AddedToken> tokens = [];
    private readonly ByteTrie trie;

    /// <summary>Gathers tokens.</summary>
    /// <param name="tokens">The tokens, each with the text to look for.</param>
    public AddedTokens(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        var keys = new List<ReadOnlyMemory<byte>>();
        foreach ((AddedToken token, string text) in tokens)
        {
            if (text.Length == 0)
                continue;
            this.tokens.Add(token);
            keys.Add(Encoding.UTF8.GetBytes(text));
        }

        trie = new ByteTrie(keys, [.. Enumerable.Range(0, keys.Count)]);
    }

    /// <summary>Cuts text at tokens.</summary>
    /// <param name="text">Code points.</param>
    /// <param name="special">Whether special tokens are looked for too.</param>
    /// <param name="parts">Receives the parts: stretches of text and, with their ids, tokens.</param>
    public void Split(List<int> text, bool special, List<(int Start, int End, int Id)> parts)
    {
        ReadOnlySpan<int> span = CollectionsMarshal.AsSpan(text);
        int last = 0;
        for (int at = 0; tokens.Count > 0 && at < span.Length;)
        {
            int found = Longest(span[at..], out int length);
            if (found < 0)
            {
                at++;
                continue;
            }

            AddedToken token = tokens[found];
            int start = at;
            int end = at + length;
            at = end;
            if ((token.Special && !special) || (token.SingleWord && TouchesWord(span, start, end)) || start < last)
                continue;
            while (token.StripsLeft && start > last && CodePointSet.IsWhitespace(span[start - 1]))
                start--;
            while (token.StripsRight && end < span.Length && CodePointSet.IsWhitespace(span[end]))
                end++;
            if (start > last)
                parts.Add((last, start, -1));
            parts.Add((start, end, token.Id));
            last = end;
        }

        if (last < span.Length)
            parts.Add((last, span.Length, -1));
    }

    private static bool TouchesWord(ReadOnlySpan<int> text, int start, int end) =>
        (start > 0 && CharacterClasses.Word.Contains(text[start - 1])) || (end < text.Length && CharacterClasses.Word.Contains(text[end]));

    private int Longest(ReadOnlySpan<int> text, out int length)
    {
        length = 0;
        int found = -1;
        int node = -1;
        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0; at < text.Length; at++)
        {
            int count = LenientUtf8.Encode(text[at], utf8);
            for (int i = 0; i < count; i++)
            {
                node = at == 0 && i == 0 ? trie.Start(utf8[0]) : trie.Next(node, utf8[i]);
                if (node < 0)
                    return found;
            }

            if (trie.Value(node) >= 0)
                (found, length) = (trie.Value(node), at + 1);
        }

        return found;
    }
}
