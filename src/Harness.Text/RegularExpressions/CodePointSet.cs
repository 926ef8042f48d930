using System.Globalization;

namespace Harness.Text.RegularExpressions;

/// <summary>
/// A set of code points as a regular expression writes it: ranges, general categories, white space, other sets, less what an
/// intersection leaves out, or the complement of all that. Membership is worked out for 256 code points at a time and kept.
/// </summary>
internal sealed class CodePointSet
{
    private const int BlockBits = 8;

    private readonly ulong[]?[] blocks = new ulong[0x110000 >> BlockBits][];
    private readonly List<(int First, int Last)> ranges = [];
    private readonly List<CodePointSet> parts = [];
    private readonly List<CodePointSet> limits = [];
    private uint categories;
    private bool whitespace;

    /// <summary>Whether the set holds what is not written.</summary>
    public bool Negated { get; set; }

    /// <summary>Adds code points.</summary>
    public CodePointSet Add(int first, int last)
    {
        ranges.Add((first, last));
        return this;
    }

    /// <summary>Adds another set.</summary>
    public CodePointSet Add(CodePointSet part)
    {
        parts.Add(part);
        return this;
    }

    /// <summary>Adds general categories.</summary>
    public CodePointSet Add(params ReadOnlySpan<UnicodeCategory> added)
    {
        foreach (UnicodeCategory category in added)
            categories |= 1u << (int)category;
        return this;
    }

    /// <summary>Adds the property White_Space.</summary>
    public CodePointSet AddWhitespace()
    {
        whitespace = true;
        return this;
    }

    /// <summary>Keeps only what another set holds too.</summary>
    public void Intersect(CodePointSet limit) => limits.Add(limit);

    /// <summary>Whether a code point is in the set.</summary>
    /// <param name="codePoint">0 to U+10FFFF.</param>
    public bool Contains(int codePoint)
    {
        ulong[] block = blocks[codePoint >> BlockBits] ??= Evaluate(codePoint & ~0xFF);
        return (block[(codePoint >> 6) & 3] >> codePoint & 1) != 0;
    }

    private ulong[] Evaluate(int first)
    {
        var block = new ulong[4];
        for (int i = 0; i < 256; i++)
        {
            if (IsIn(first + i))
                block[i >> 6] |= 1ul << i;
        }

        return block;
    }

    private bool IsIn(int codePoint)
    {
        bool inside = (categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0
            || (whitespace && IsWhitespace(codePoint));
        foreach ((int first, int last) in ranges)
            inside |= codePoint >= first && codePoint <= last;
        foreach (CodePointSet part in parts)
            inside |= part.Contains(codePoint);
        foreach (CodePointSet limit in limits)
            inside &= limit.Contains(codePoint);
        return inside != Negated;
    }

    /// <summary>The property White_Space.</summary>
    public static bool IsWhitespace(int codePoint) => codePoint is (>= 9 and <= 13) or ' ' or 0x85 or 0xA0 or 0x1680
        or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;
}
