using System.Buffers;

namespace Harness.Text.Vocabulary;

/// <summary>A stretch of text (<see cref="Token"/> is −1), or a special token found in it.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">How many bytes; at least 1 for text.</param>
/// <param name="Token">The token's id, or −1.</param>
internal readonly record struct Fragment(int Start, int Length, int Token);

/// <summary>
/// Finds special tokens in text, as llama.cpp does (<c>tokenizer_st_partition</c>): the longest token first takes
/// all its occurrences, from left to right, then the next longest takes its own in what is left.
/// </summary>
internal sealed class SpecialTokenPartition
{
    private const TokenAttributes Special = TokenAttributes.Control | TokenAttributes.UserDefined | TokenAttributes.Unknown;

    private readonly IReadOnlyList<ReadOnlyMemory<byte>> tokens;
    private readonly TokenAttributes[] attributes;
    private readonly int[] byLength;

    // A trie over the tokens' texts: (node << 8 | byte) → node; the root is 0.
    private readonly Dictionary<long, int> children = [];
    private readonly List<int> rankAtNode = [-1];
    private readonly SearchValues<byte> firstBytes;

    /// <summary>Gathers the tokens to look for.</summary>
    /// <param name="tokens">The vocabulary's texts.</param>
    /// <param name="attributes">What each token is.</param>
    /// <param name="withControl">Whether control and unknown tokens are looked for, not only user-defined ones.</param>
    public SpecialTokenPartition(
        IReadOnlyList<ReadOnlyMemory<byte>> tokens, ReadOnlySpan<TokenAttributes> attributes, bool withControl)
    {
        this.tokens = tokens;
        this.attributes = attributes.ToArray();
        var ids = new List<int>();
        for (int id = 0; id < attributes.Length; id++)
        {
            bool hidden = (attributes[id] & (TokenAttributes.Control | TokenAttributes.Unknown)) != 0 && !withControl;
            if (IsSpecial(attributes[id]) && !hidden && !tokens[id].IsEmpty)
                ids.Add(id);
        }

        byLength = [.. ids.OrderByDescending(id => tokens[id].Length)];
        for (int rank = 0; rank < byLength.Length; rank++)
            AddToTrie(tokens[byLength[rank]].Span, rank);
        firstBytes = SearchValues.Create([.. ids.Select(id => tokens[id].Span[0]).Distinct()]);
    }

    /// <summary>Whether a token may be looked for at all.</summary>
    public static bool IsSpecial(TokenAttributes attributes) => (attributes & Special) != 0;

    /// <summary>Cuts text at special tokens.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The fragments, in order; together they are the text, less the white space that tokens took along.</returns>
    public List<Fragment> Split(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return [];
        List<Fragment> fragments = [new Fragment(0, text.Length, -1)];
        foreach (int rank in Occurring(text))
        {
            var cut = new List<Fragment>(fragments.Count + 2);
            foreach (Fragment fragment in fragments)
            {
                if (fragment.Token >= 0)
                    cut.Add(fragment);
                else
                    Cut(text, fragment, byLength[rank], cut);
            }

            fragments = cut;
        }

        return fragments;
    }

    /// <summary>The special token a text begins with, or −1.</summary>
    public int First(ReadOnlySpan<byte> text)
    {
        List<Fragment> fragments = Split(text);
        return fragments.Count > 0 ? fragments[0].Token : -1;
    }

    private static bool IsSpace(byte value) => value is (>= 9 and <= 13) or (byte)' ';

    private void AddToTrie(ReadOnlySpan<byte> token, int rank)
    {
        int node = 0;
        foreach (byte value in token)
        {
            long edge = ((long)node << 8) | value;
            if (!children.TryGetValue(edge, out int child))
            {
                child = rankAtNode.Count;
                rankAtNode.Add(-1);
                children.Add(edge, child);
            }

            node = child;
        }

        rankAtNode[node] = rank;
    }

    // Only tokens that occur somewhere need a pass over the text; most texts hold none.
    private SortedSet<int> Occurring(ReadOnlySpan<byte> text)
    {
        var ranks = new SortedSet<int>();
        if (byLength.Length == 0)
            return ranks;
        for (int start = text.IndexOfAny(firstBytes); start >= 0; start = NextStart(text, start + 1))
        {
            int node = 0;
            for (int at = start; at < text.Length; at++)
            {
                if (!children.TryGetValue(((long)node << 8) | text[at], out node))
                    break;
                if (rankAtNode[node] >= 0)
                    ranks.Add(rankAtNode[node]);
            }
        }

        return ranks;
    }

    private int NextStart(ReadOnlySpan<byte> text, int from)
    {
        int found = text[from..].IndexOfAny(firstBytes);
        return found < 0 ? -1 : from + found;
    }

    private void Cut(ReadOnlySpan<byte> text, Fragment fragment, int id, List<Fragment> cut)
    {
        ReadOnlySpan<byte> token = tokens[id].Span;
        int start = fragment.Start;
        int end = start + fragment.Length;
        while (start < end)
        {
            int found = text[start..end].IndexOf(token);
            if (found < 0)
                break;
            int left = found;
            while (left > 0 && (attributes[id] & TokenAttributes.StripsLeft) != 0 && IsSpace(text[start + left - 1]))
                left--;
            if (left > 0)
                cut.Add(new Fragment(start, left, -1));
            cut.Add(new Fragment(start + found, token.Length, id));
            start += found + token.Length;
            while (start < end && (attributes[id] & TokenAttributes.StripsRight) != 0 && IsSpace(text[start]))
                start++;
        }

        if (start < end)
            cut.Add(new Fragment(start, end - start, -1));
    }
}
