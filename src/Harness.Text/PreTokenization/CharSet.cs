namespace Harness.Text.PreTokenization;

/// <summary>
/// A set of code points as splitting rules write them: ASCII characters one by one, categories, and ranges beyond
/// ASCII. Ranges beyond ASCII never hold white space, as in llama.cpp, where white space is folded before matching.
/// </summary>
internal sealed class CharSet
{
    private readonly bool[] kinds = new bool[CodePointKind.Count];
    private readonly List<(int First, int Last)> ranges = [];
    private readonly List<(int First, int Last)> without = [];
    private bool negated;

    /// <summary>Whether a look at the code point itself is needed, not only at its kind.</summary>
    public bool HasRanges => ranges.Count > 0 || without.Count > 0;

    /// <summary>Membership by kind; exact unless <see cref="HasRanges"/>.</summary>
    public ReadOnlySpan<bool> Kinds => kinds;

    /// <summary>Adds code points.</summary>
    public void Add(int first, int last)
    {
        for (int c = first; c <= Math.Min(last, 127); c++)
            kinds[c] = true;
        if (last > 127)
            ranges.Add((Math.Max(first, 128), last));
    }

    /// <summary>Adds a category beyond ASCII and what it has within.</summary>
    public void AddCategory(byte kind, string ascii)
    {
        kinds[kind] = true;
        foreach (char c in ascii)
            kinds[c] = true;
    }

    /// <summary>Adds white space, or all else.</summary>
    public void AddWhitespace(bool isWhitespace)
    {
        for (int kind = 0; kind < CodePointKind.Count; kind++)
        {
            bool white = kind is (>= 9 and <= 13) or ' ' or CodePointKind.Whitespace;
            kinds[kind] |= white == isWhitespace;
        }
    }

    /// <summary>Takes code points out again.</summary>
    public void Remove(CharSet other)
    {
        for (int kind = 0; kind < 128; kind++)
            kinds[kind] &= !other.kinds[kind];
        without.AddRange(other.ranges);
    }

    /// <summary>Turns the set into its complement.</summary>
    public void Negate()
    {
        negated = true;
        if (HasRanges)
        {
            // Kinds beyond ASCII stay as they are and are turned in Contains, after the ranges were asked.
            for (int kind = 0; kind < 128; kind++)
                kinds[kind] = !kinds[kind];
            return;
        }

        for (int kind = 0; kind < CodePointKind.Count; kind++)
            kinds[kind] = !kinds[kind];
    }

    /// <summary>Whether a code point is in the set.</summary>
    public bool Contains(in SplitText text, int index)
    {
        byte kind = text.Kinds[index];
        return !HasRanges || kind < 128 ? kinds[kind] : ContainsByRange(text.CodePointAt(index), kind);
    }

    /// <summary>Whether some code point of a kind may be in the set; never wrongly false.</summary>
    public bool MayContain(int kind) => kinds[kind] || (kind >= 128 && HasRanges);

    private bool ContainsByRange(int codePoint, byte kind)
    {
        bool inside = kinds[kind] || (kind != CodePointKind.Whitespace && IsIn(ranges, codePoint));
        return (inside && !IsIn(without, codePoint)) != negated;
    }

    private static bool IsIn(List<(int First, int Last)> ranges, int codePoint)
    {
        foreach ((int first, int last) in ranges)
        {
            if (codePoint >= first && codePoint <= last)
                return true;
        }

        return false;
    }
}
