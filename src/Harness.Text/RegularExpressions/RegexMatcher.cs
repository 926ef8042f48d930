using System.Collections;

namespace Harness.Text.RegularExpressions;

/// <summary>A match: where it begins, and one past its end.</summary>
internal readonly record struct RegexMatch(int Start, int End);

/// <summary>
/// Finds a regular expression's matches in code points: leftmost, first choice first, as backtracking engines do. In linear
/// time on any text: once a search has backtracked too often for its length it goes on with single steps and remembers which
/// (instruction, place) has failed; nothing can make one that failed succeed, for there are no captures. Questions about what
/// follows are answered for all places at once, from the end.
/// </summary>
internal sealed class RegexMatcher
{
    private const int StepsACodePoint = 48;
    private const long MostRemembered = 1L << 32;

    private readonly RegexProgram fast;
    private readonly RegexProgram strict;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="FormatException">It is not one, or asks for something unknown.</exception>
    public RegexMatcher(string pattern)
    {
        RegexTree tree = RegexParser.Parse(pattern);
        fast = RegexProgram.Compile(tree, runs: true);
        strict = RegexProgram.Compile(tree, runs: false);
    }

    /// <summary>Finds all matches, none overlapping another; an empty one ends before the next code point.</summary>
    /// <param name="text">Code points.</param>
    /// <param name="matches">Receives them.</param>
    /// <param name="patience">Steps a code point before failures are remembered; 0 from the start.</param>
    /// <returns>How many steps it took.</returns>
    public long FindAll(ReadOnlySpan<int> text, List<RegexMatch> matches, int patience = StepsACodePoint)
    {
        var search = new Search(fast, strict, text, patience);
        for (int at = 0; at <= text.Length;)
        {
            int end = search.Match(at);
            if (end < 0)
            {
                at++;
                continue;
            }

            matches.Add(new RegexMatch(at, end));
            at = end > at ? end : at + 1;
        }

        return search.Steps;
    }

    private readonly record struct Frame(int Instruction, int At, int Lowest);

    private ref struct Search(RegexProgram fast, RegexProgram strict, ReadOnlySpan<int> text, int patience)
    {
        private readonly ReadOnlySpan<int> text = text;
        private readonly Stack<Frame> stack = new();
        private readonly BitArray?[] follows = new BitArray?[strict.Looks.Count];
        private ulong[]? failed;
        private RegexProgram program = fast;

        public long Steps { get; private set; }

        /// <summary>Matches at one place.</summary>
        public int Match(int start)
        {
            int end = Run(start);
            if (end == TooLong)
            {
                long size = (text.Length + 1L) * strict.Code.Length;
                if (size > MostRemembered)
                    throw new InvalidOperationException("The text is too long for this regular expression.");
                failed = new ulong[(size + 63) / 64];
                program = strict;
                end = Run(start);
            }

            if (end >= 0 && failed is not null)
                Forget(end);
            return end;
        }

        private const int TooLong = -2;

        private int Run(int start)
        {
            RegexInstruction[] code = program.Code;
            long limit = failed is null ? (patience * (text.Length + 64L)) : long.MaxValue;
            stack.Clear();
            int pc = 0;
            int at = start;
            while (true)
            {
                if (++Steps > limit)
                    return TooLong;
                ref readonly RegexInstruction instruction = ref code[pc];
                bool ok = failed is null || Enter(pc, at);
                if (ok)
                {
                    switch (instruction.Operation)
                    {
                        case RegexOperation.One:
                            ok = at < text.Length && instruction.Set!.Contains(text[at]);
                            at++;
                            pc++;
                            break;
                        case RegexOperation.Run or RegexOperation.RunPossessively:
                            int reach = Reach(instruction.Set!, at, instruction.Second);
                            int lowest = at + instruction.First;
                            ok = reach >= lowest;
                            if (ok && reach > lowest && instruction.Operation == RegexOperation.Run)
                                stack.Push(new Frame(pc, reach - 1, lowest));
                            at = reach;
                            pc++;
                            break;
                        case RegexOperation.Split:
                            stack.Push(new Frame(instruction.Second, at, -1));
                            pc = instruction.First;
                            break;
                        case RegexOperation.Jump:
                            pc = instruction.First;
                            break;
                        case RegexOperation.SetAhead:
                            ok = (at < text.Length && instruction.Set!.Contains(text[at])) != instruction.Negated;
                            pc++;
                            break;
                        case RegexOperation.SetBehind:
                            ok = (at > 0 && instruction.Set!.Contains(text[at - 1])) != instruction.Negated;
                            pc++;
                            break;
                        case RegexOperation.Ahead:
                            ok = Follows(instruction.First)[at] != instruction.Negated;
                            pc++;
                            break;
                        case RegexOperation.Anchor:
                            ok = IsAt((AnchorKind)instruction.First, at);
                            pc++;
                            break;
                        default:
                            return at;
                    }
                }

                if (ok)
                    continue;
                if (!stack.TryPop(out Frame frame))
                    return -1;
                at = frame.At;
                pc = frame.Instruction;
                if (frame.Lowest < 0)
                    continue;

                // A run that gives back one more.
                if (at > frame.Lowest)
                    stack.Push(frame with { At = at - 1 });
                pc++;
            }
        }

        private readonly int Reach(CodePointSet set, int at, int most)
        {
            int limit = most < text.Length - at ? at + most : text.Length;
            while (at < limit && set.Contains(text[at]))
                at++;
            return at;
        }

        private readonly bool Enter(int pc, int at)
        {
            long bit = ((long)at * strict.Code.Length) + pc;
            ref ulong word = ref failed![bit >> 6];
            ulong mask = 1ul << (int)bit;
            if ((word & mask) != 0)
                return false;
            word |= mask;
            return true;
        }

        // What was entered at the match's end may be part of the match: it has not failed.
        private readonly void Forget(int at)
        {
            long first = (long)at * strict.Code.Length;
            for (long bit = first; bit < first + strict.Code.Length; bit++)
                failed![bit >> 6] &= ~(1ul << (int)bit);
        }

        private readonly bool IsAt(AnchorKind kind, int at) => kind switch
        {
            AnchorKind.TextStart => at == 0,
            AnchorKind.TextEnd => at == text.Length,
            AnchorKind.LineStart => at == 0 || text[at - 1] == '\n',
            AnchorKind.LineEnd => at == text.Length || text[at] == '\n',
            AnchorKind.LastLineEnd => at == text.Length || (at == text.Length - 1 && text[at] == '\n'),
            _ => (IsWord(at - 1) != IsWord(at)) == (kind == AnchorKind.WordBoundary),
        };

        private readonly bool IsWord(int at) => at >= 0 && at < text.Length && CharacterClasses.Word.Contains(text[at]);

        // For every place, whether the expression matches there: from the last place to the first, since what holds at one
        // depends on itself and on the next alone.
        private BitArray Follows(int look)
        {
            if (follows[look] is { } known)
                return known;
            RegexInstruction[] code = strict.Looks[look].Code;
            var result = new BitArray(text.Length + 1);
            bool[] here = new bool[code.Length];
            bool[] next = new bool[code.Length];
            for (int at = text.Length; at >= 0; at--)
            {
                (here, next) = (next, here);
                here.AsSpan().Clear();
                for (bool changed = true; changed;)
                {
                    changed = false;
                    for (int pc = code.Length - 1; pc >= 0; pc--)
                    {
                        Steps++;
                        if (here[pc] || !Holds(code[pc], pc, at, here, next))
                            continue;
                        here[pc] = true;
                        changed = true;
                    }
                }

                result[at] = here[0];
            }

            follows[look] = result;
            return result;
        }

        // Loops through the same place are what the passes are for: until nothing new holds.
        private bool Holds(in RegexInstruction instruction, int pc, int at, bool[] here, bool[] next) => instruction.Operation switch
        {
            RegexOperation.One => at < text.Length && instruction.Set!.Contains(text[at]) && next[pc + 1],
            RegexOperation.Split => here[instruction.First] || here[instruction.Second],
            RegexOperation.Jump => here[instruction.First],
            RegexOperation.SetAhead =>
                here[pc + 1] && (at < text.Length && instruction.Set!.Contains(text[at])) != instruction.Negated,
            RegexOperation.SetBehind =>
                here[pc + 1] && (at > 0 && instruction.Set!.Contains(text[at - 1])) != instruction.Negated,
            RegexOperation.Ahead => here[pc + 1] && Follows(instruction.First)[at] != instruction.Negated,
            RegexOperation.Anchor => here[pc + 1] && IsAt((AnchorKind)instruction.First, at),
            _ => true,
        };
    }
}
