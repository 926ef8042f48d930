namespace Harness.Text.RegularExpressions;

/// <summary>What an instruction does.</summary>
internal enum RegexOperation
{
    /// <summary>Takes one code point of the set.</summary>
    One,

    /// <summary>Takes as many code points of the set as there are, between two bounds, and gives back what it must.</summary>
    Run,

    /// <summary>The same, without giving back.</summary>
    RunPossessively,

    /// <summary>Goes on at <c>First</c>, and if that fails at <c>Second</c>.</summary>
    Split,

    /// <summary>Goes on at <c>First</c>.</summary>
    Jump,

    /// <summary>Asks whether a code point of the set follows.</summary>
    SetAhead,

    /// <summary>Asks whether a code point of the set stands before.</summary>
    SetBehind,

    /// <summary>Asks whether a whole expression follows.</summary>
    Ahead,

    /// <summary>Asks for a place.</summary>
    Anchor,

    /// <summary>The match ends here.</summary>
    Accept,
}

/// <summary>One instruction.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="Set">The set, where there is one.</param>
/// <param name="First">A target; for runs the least count; for anchors the kind; for looks the number of the expression.</param>
/// <param name="Second">Another target; for runs the greatest count.</param>
/// <param name="Negated">Whether a question is turned round.</param>
internal readonly record struct RegexInstruction(
    RegexOperation Operation, CodePointSet? Set = null, int First = 0, int Second = 0, bool Negated = false);

/// <summary>
/// A regular expression compiled twice: to a program with runs, which is fast on ordinary text, and to one of single steps,
/// on which remembering every failure keeps any text linear.
/// </summary>
internal sealed class RegexProgram
{
    private const int LargestProgram = 20_000;

    private readonly List<RegexInstruction> code = [];
    private readonly List<RegexProgram> looks;
    private readonly bool runs;

    private RegexProgram(RegexTree tree, bool runs, List<RegexProgram> looks)
    {
        this.runs = runs;
        this.looks = looks;
        Emit(tree);
        Add(new(RegexOperation.Accept));
        Code = [.. code];
    }

    /// <summary>The instructions; the first is 0, the last accepts.</summary>
    public RegexInstruction[] Code { get; }

    /// <summary>The expressions asked for by <see cref="RegexOperation.Ahead"/>, single steps all.</summary>
    public IReadOnlyList<RegexProgram> Looks => looks;

    /// <summary>Compiles an expression.</summary>
    /// <param name="tree">The expression.</param>
    /// <param name="runs">Whether runs of a set are one instruction.</param>
    /// <exception cref="FormatException">It is too large.</exception>
    public static RegexProgram Compile(RegexTree tree, bool runs) => new(tree, runs, []);

    private int Add(RegexInstruction instruction)
    {
        if (code.Count >= LargestProgram)
            throw new FormatException("the regular expression repeats too much");
        code.Add(instruction);
        return code.Count - 1;
    }

    private void Emit(RegexTree tree)
    {
        switch (tree)
        {
            case OneOf one:
                Add(new(RegexOperation.One, one.Set));
                break;
            case InOrder sequence:
                foreach (RegexTree item in sequence.Items)
                    Emit(item);
                break;
            case EitherOf choices:
                EmitChoices(choices.Choices);
                break;
            case Repeated repeated:
                EmitRepeated(repeated);
                break;
            case Ahead { Item: InOrder { Items: [OneOf looked] } } ahead:
                Add(new(RegexOperation.SetAhead, looked.Set, Negated: ahead.Negated));
                break;
            case Ahead ahead:
                looks.Add(new RegexProgram(ahead.Item, runs: false, looks));
                Add(new(RegexOperation.Ahead, First: looks.Count - 1, Negated: ahead.Negated));
                break;
            case Behind behind:
                Add(new(RegexOperation.SetBehind, behind.Set, Negated: behind.Negated));
                break;
            case Anchor anchor:
                Add(new(RegexOperation.Anchor, First: (int)anchor.Kind));
                break;
        }
    }

    private void EmitChoices(IReadOnlyList<RegexTree> choices)
    {
        var ends = new List<int>();
        for (int i = 0; i < choices.Count; i++)
        {
            int split = i + 1 < choices.Count ? Add(new(RegexOperation.Split)) : -1;
            Emit(choices[i]);
            if (split < 0)
                break;
            ends.Add(Add(new(RegexOperation.Jump)));
            code[split] = new(RegexOperation.Split, First: split + 1, Second: code.Count);
        }

        foreach (int end in ends)
            code[end] = new(RegexOperation.Jump, First: code.Count);
    }

    private void EmitRepeated(Repeated repeated)
    {
        if (runs && repeated is { Item: OneOf one, Lazy: false })
        {
            Add(new(repeated.Possessive ? RegexOperation.RunPossessively : RegexOperation.Run, one.Set, repeated.Least, repeated.Most));
            return;
        }

        for (int i = 0; i < repeated.Least; i++)
            Emit(repeated.Item);
        if (repeated.Most == int.MaxValue)
        {
            int split = Add(new(RegexOperation.Split));
            Emit(repeated.Item);
            Add(new(RegexOperation.Jump, First: split));
            SetSplit(split, repeated.Lazy);
            Guard(repeated);
            return;
        }

        var splits = new List<int>();
        for (int i = repeated.Least; i < repeated.Most; i++)
        {
            splits.Add(Add(new(RegexOperation.Split)));
            Emit(repeated.Item);
        }

        // Past the guard: a possessive item that was taken is not asked for again.
        if (repeated.Possessive && repeated.Most == 1)
        {
            int jump = Add(new(RegexOperation.Jump));
            SetSplit(splits[0], lazy: false);
            Guard(repeated);
            code[jump] = new(RegexOperation.Jump, First: code.Count);
            return;
        }

        foreach (int split in splits)
            SetSplit(split, repeated.Lazy);
    }

    private void SetSplit(int split, bool lazy) =>
        code[split] = lazy
            ? new(RegexOperation.Split, First: code.Count, Second: split + 1)
            : new(RegexOperation.Split, First: split + 1, Second: code.Count);

    // A possessive run ends only where nothing more can be taken.
    private void Guard(Repeated repeated)
    {
        if (repeated is { Possessive: true, Item: OneOf one })
            Add(new(RegexOperation.SetAhead, one.Set, Negated: true));
    }
}
