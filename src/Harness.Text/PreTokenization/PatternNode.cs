namespace Harness.Text.PreTokenization;

/// <summary>
/// A step of a compiled pattern, with what follows it. A matcher of null has nothing left to match and accepts.
/// </summary>
internal abstract class PatternNode
{
    /// <summary>What follows.</summary>
    public PatternNode? Next { get; init; }

    /// <summary>Matches a chain of nodes.</summary>
    /// <returns>One past the last code point matched, or −1.</returns>
    public static int Match(PatternNode? node, in SplitText text, int at, int end) =>
        node is null ? at : node.MatchHere(text, at, end);

    /// <summary>Adds the kinds a match may begin with.</summary>
    /// <returns>Whether a match may be empty.</returns>
    public static bool AddFirst(PatternNode? node, bool[] first) => node is null || node.AddFirst(first);

    /// <inheritdoc cref="Match"/>
    protected abstract int MatchHere(in SplitText text, int at, int end);

    /// <inheritdoc cref="AddFirst(PatternNode?, bool[])"/>
    protected abstract bool AddFirst(bool[] first);
}

/// <summary>Code points of a set, as many as there are between a least and a most.</summary>
internal sealed class SetRun : PatternNode
{
    private readonly CharSet set;
    private readonly int least;
    private readonly int most;
    private readonly bool givesBack;

    /// <summary>Creates the node.</summary>
    public SetRun(CharSet set, int least, int most, PatternNode? next)
    {
        this.set = set;
        this.least = least;
        this.most = most;
        Next = next;
        givesBack = least != most && CanHelp(next);
    }

    /// <inheritdoc/>
    protected override int MatchHere(in SplitText text, int at, int end)
    {
        int limit = most < end - at ? at + most : end;
        int reach = at;
        if (set.HasRanges)
        {
            while (reach < limit && set.Contains(text, reach))
                reach++;
        }
        else
        {
            ReadOnlySpan<bool> inSet = set.Kinds;
            ReadOnlySpan<byte> kinds = text.Kinds;
            while (reach < limit && inSet[kinds[reach]])
                reach++;
        }

        int lowest = at + least;
        if (reach < lowest)
            return -1;
        if (!givesBack)
            return Match(Next, text, reach, end);
        for (; reach >= lowest; reach--)
        {
            int matchEnd = Match(Next, text, reach, end);
            if (matchEnd >= 0)
                return matchEnd;
        }

        return -1;
    }

    /// <inheritdoc/>
    protected override bool AddFirst(bool[] first)
    {
        for (int kind = 0; kind < first.Length; kind++)
            first[kind] |= set.MayContain(kind);
        return least == 0 && AddFirst(Next, first);
    }

    // A shorter run leaves a code point of this set in front: useless where the next node cannot take one.
    private bool CanHelp(PatternNode? next)
    {
        if (next is null)
            return false;
        var first = new bool[CodePointKind.Count];
        if (AddFirst(next, first) || next is LookAhead)
            return true;
        for (int kind = 0; kind < first.Length; kind++)
        {
            if (first[kind] && set.MayContain(kind))
                return true;
        }

        return false;
    }
}

/// <summary>One of several chains, the first that lets the whole match succeed; each goes on to what follows.</summary>
internal sealed class Choice : PatternNode
{
    private readonly PatternNode?[] chains;

    /// <summary>Creates the node.</summary>
    /// <param name="chains">Chains that already end in what follows.</param>
    public Choice(PatternNode?[] chains) => this.chains = chains;

    /// <inheritdoc/>
    protected override int MatchHere(in SplitText text, int at, int end)
    {
        foreach (PatternNode? chain in chains)
        {
            int matchEnd = Match(chain, text, at, end);
            if (matchEnd >= 0)
                return matchEnd;
        }

        return -1;
    }

    /// <inheritdoc/>
    protected override bool AddFirst(bool[] first)
    {
        bool empty = false;
        foreach (PatternNode? chain in chains)
            empty |= AddFirst(chain, first);
        return empty;
    }
}

/// <summary>A group as often as it matches, without giving back: enough for the rules there are, and linear.</summary>
internal sealed class Repetition : PatternNode
{
    private readonly PatternNode?[] chains;

    /// <summary>Creates the node.</summary>
    /// <param name="chains">The group's alternatives, each ending by itself.</param>
    /// <param name="next">What follows.</param>
    public Repetition(PatternNode?[] chains, PatternNode? next)
    {
        this.chains = chains;
        Next = next;
    }

    /// <inheritdoc/>
    protected override int MatchHere(in SplitText text, int at, int end)
    {
        while (at < end)
        {
            int reach = -1;
            for (int i = 0; i < chains.Length && reach < 0; i++)
                reach = Match(chains[i], text, at, end);
            if (reach <= at)
                break;
            at = reach;
        }

        return Match(Next, text, at, end);
    }

    /// <inheritdoc/>
    protected override bool AddFirst(bool[] first)
    {
        foreach (PatternNode? chain in chains)
            AddFirst(chain, first);
        return AddFirst(Next, first);
    }
}

/// <summary>Asks whether one code point of a set does not follow; takes nothing.</summary>
internal sealed class LookAhead : PatternNode
{
    private readonly CharSet set;

    /// <summary>Creates the node.</summary>
    public LookAhead(CharSet set, PatternNode? next)
    {
        this.set = set;
        Next = next;
    }

    /// <inheritdoc/>
    protected override int MatchHere(in SplitText text, int at, int end) =>
        at < end && set.Contains(text, at) ? -1 : Match(Next, text, at, end);

    /// <inheritdoc/>
    protected override bool AddFirst(bool[] first) => AddFirst(Next, first);
}
