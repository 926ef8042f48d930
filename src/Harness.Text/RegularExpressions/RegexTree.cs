namespace Harness.Text.RegularExpressions;

/// <summary>A parsed regular expression.</summary>
internal abstract record RegexTree;

/// <summary>One code point of a set.</summary>
internal sealed record OneOf(CodePointSet Set) : RegexTree;

/// <summary>One after the other.</summary>
internal sealed record InOrder(IReadOnlyList<RegexTree> Items) : RegexTree;

/// <summary>The first that lets the whole match succeed.</summary>
internal sealed record EitherOf(IReadOnlyList<RegexTree> Choices) : RegexTree;

/// <summary>Several times, as often as it goes, or (lazy) as seldom; possessive gives nothing back.</summary>
internal sealed record Repeated(RegexTree Item, int Least, int Most, bool Lazy, bool Possessive) : RegexTree;

/// <summary>Whether something follows, or does not; takes nothing.</summary>
internal sealed record Ahead(RegexTree Item, bool Negated) : RegexTree;

/// <summary>Whether a code point of a set stands before, or does not.</summary>
internal sealed record Behind(CodePointSet Set, bool Negated) : RegexTree;

/// <summary>A place in the text.</summary>
internal sealed record Anchor(AnchorKind Kind) : RegexTree;

/// <summary>Places in a text.</summary>
internal enum AnchorKind
{
    /// <summary>The start of a line.</summary>
    LineStart,

    /// <summary>The end of a line.</summary>
    LineEnd,

    /// <summary>The start of the text.</summary>
    TextStart,

    /// <summary>The end of the text.</summary>
    TextEnd,

    /// <summary>The end of the text, or before a last line break.</summary>
    LastLineEnd,

    /// <summary>Between a word character and another.</summary>
    WordBoundary,

    /// <summary>Not there.</summary>
    NoWordBoundary,
}
