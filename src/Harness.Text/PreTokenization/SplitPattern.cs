using System.Runtime.CompilerServices;

namespace Harness.Text.PreTokenization;

/// <summary>
/// A regular expression that cuts: each match is a part, and so is what lies between two matches. Leftmost match,
/// first alternative that fits, as in ECMAScript. What may start an alternative is known beforehand for each kind of
/// code point, so that most alternatives are never tried.
/// </summary>
internal sealed class SplitPattern : SplitStep
{
    private readonly PatternNode?[] alternatives;
    private readonly uint[] candidates = new uint[CodePointKind.Count];

    /// <summary>Compiles a pattern.</summary>
    /// <param name="pattern">In the notation of <see cref="PatternParser"/>; at most 32 alternatives.</param>
    public SplitPattern(string pattern)
    {
        alternatives = PatternParser.Parse(pattern);
        for (int i = 0; i < alternatives.Length; i++)
        {
            var first = new bool[CodePointKind.Count];
            if (PatternNode.AddFirst(alternatives[i], first))
                throw new ArgumentException($"An alternative of '{pattern}' matches nothing at all.", nameof(pattern));
            for (int kind = 0; kind < first.Length; kind++)
                candidates[kind] |= first[kind] ? 1u << i : 0;
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Split(in SplitText text, int start, int end, List<int> ends)
    {
        int last = start;
        for (int at = start; at < end;)
        {
            int matchEnd = Match(text, at, end);
            if (matchEnd < 0)
            {
                at++;
                continue;
            }

            if (at > last)
                ends.Add(at);
            ends.Add(matchEnd);
            last = at = matchEnd;
        }

        if (end > last)
            ends.Add(end);
    }

    private int Match(in SplitText text, int at, int end)
    {
        for (uint rest = candidates[text.Kinds[at]]; rest != 0; rest &= rest - 1)
        {
            int matchEnd = PatternNode.Match(alternatives[int.TrailingZeroCount((int)rest)], text, at, end);
            if (matchEnd >= 0)
                return matchEnd;
        }

        return -1;
    }
}
