using System.Runtime.InteropServices;
using Harness.Text.RegularExpressions;

namespace Harness.Text.HuggingFace;

/// <summary>Text cut into pieces: code points, and the end of each piece.</summary>
internal sealed class Pieces
{
    /// <summary>All pieces' code points, one after the other.</summary>
    public List<int> Text { get; private set; } = [];

    /// <summary>The end of each piece.</summary>
    public List<int> Ends { get; } = [];

    /// <summary>Whether the first piece begins where the whole text began.</summary>
    public bool AtStart { get; set; }

    /// <summary>Begins anew with one piece.</summary>
    public void Set(List<int> text, bool atStart)
    {
        Text = text;
        Ends.Clear();
        if (text.Count > 0)
            Ends.Add(text.Count);
        AtStart = atStart;
    }

    /// <summary>Empties it.</summary>
    public void Clear(bool atStart)
    {
        Text.Clear();
        Ends.Clear();
        AtStart = atStart;
    }

    /// <summary>Adds a piece, unless it is empty.</summary>
    public void Add(ReadOnlySpan<int> piece)
    {
        if (piece.IsEmpty)
            return;
        Text.AddRange(piece);
        Ends.Add(Text.Count);
    }

    /// <summary>A piece's code points.</summary>
    public ReadOnlySpan<int> this[int index]
    {
        get
        {
            int start = index == 0 ? 0 : Ends[index - 1];
            return CollectionsMarshal.AsSpan(Text)[start..Ends[index]];
        }
    }
}

/// <summary>What becomes of what a pattern matches.</summary>
internal enum SplitBehavior
{
    /// <summary>It is dropped.</summary>
    Removed,

    /// <summary>It is a piece.</summary>
    Isolated,

    /// <summary>It ends the piece before.</summary>
    MergedWithPrevious,

    /// <summary>It begins the piece after.</summary>
    MergedWithNext,

    /// <summary>Together with its neighbours it is a piece.</summary>
    Contiguous,
}

/// <summary>A step that cuts pieces into smaller ones.</summary>
internal abstract class PieceSplitter
{
    /// <summary>The rule of a step that has none of its own (ByteLevel).</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Cuts every piece.</summary>
    /// <param name="from">The pieces.</param>
    /// <param name="to">Receives the parts; empty before.</param>
    public abstract void Split(Pieces from, Pieces to);

    /// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>.</summary>
    /// <param name="json">The pre-tokenizer.</param>
    /// <param name="steps">Receives the steps in order.</param>
    public static void Read(JsonPlace json, List<PieceSplitter> steps)
    {
        switch (json.Type)
        {
            case "Sequence":
                foreach (JsonPlace step in json.Get("pretokenizers").Items())
                    Read(step, steps);
                break;
            case "ByteLevel":
                TextPattern? words = json.Flag("use_regex", true) ? TextPattern.Regex(Gpt2, json) : null;
                steps.Add(new ByteLevelSplitter(json.Flag("add_prefix_space", true), words));
                break;
            case "Split":
                steps.Add(new PatternSplitter(TextPattern.Read(json.Get("pattern")), ReadBehavior(json, "behavior"), json.Flag("invert")));
                break;
            case "Metaspace":
                steps.Add(ReadMetaspace(json));
                break;
            case "Whitespace":
                steps.Add(new PatternSplitter(TextPattern.Regex(@"\w+|[^\w\s]+", json), SplitBehavior.Removed, invert: true));
                break;
            case "WhitespaceSplit":
                steps.Add(new SetSplitter(CharacterClasses.Whitespace, SplitBehavior.Removed));
                break;
            case "BertPreTokenizer":
                steps.Add(new SetSplitter(CharacterClasses.Whitespace, SplitBehavior.Removed));
                steps.Add(new SetSplitter(CharacterClasses.Punctuation, SplitBehavior.Isolated));
                break;
            case "Punctuation":
                steps.Add(new SetSplitter(CharacterClasses.Punctuation, ReadBehavior(json, "behavior", SplitBehavior.Isolated)));
                break;
            case "Digits":
                steps.Add(new SetSplitter(
                    CharacterClasses.Number, json.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous));
                break;
            case "CharDelimiterSplit":
                int[] delimiter = CodePoints.Of(json.Get("delimiter").AsText());
                if (delimiter.Length != 1)
                    throw json.Error("the delimiter is not one character");
                steps.Add(new SetSplitter(new CodePointSet().Add(delimiter[0], delimiter[0]), SplitBehavior.Removed));
                break;
            case "FixedLength":
                int length = json.Number("length") ?? 5;
                steps.Add(new LengthSplitter(length > 0 ? length : throw json.Error("the length is 0")));
                break;
            default:
                throw json.Unknown("pre-tokenizer");
        }
    }

    private static MetaspaceSplitter ReadMetaspace(JsonPlace json)
    {
        int[] replacement = CodePoints.Of(json.Text("replacement") ?? "▁");
        if (replacement.Length != 1)
            throw json.Error("the replacement is not one character");
        string scheme = json.Text("prepend_scheme") ?? (json.Flag("add_prefix_space", true) ? "always" : "never");
        return scheme is "always" or "first" or "never"
            ? new MetaspaceSplitter(replacement[0], scheme, json.Flag("split", true))
            : throw json.Error($"the prepend_scheme \"{scheme}\" is not supported");
    }

    private static SplitBehavior ReadBehavior(JsonPlace json, string name, SplitBehavior? byDefault = null) => json.Text(name) switch
    {
        "Removed" or "removed" => SplitBehavior.Removed,
        "Isolated" or "isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" or "merged_with_previous" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" or "merged_with_next" => SplitBehavior.MergedWithNext,
        "Contiguous" or "contiguous" => SplitBehavior.Contiguous,
        null when byDefault is not null => byDefault.Value,
        null => throw json.Error($"there is no \"{name}\""),
        string other => throw json.Error($"the behavior \"{other}\" is not supported"),
    };

    /// <summary>Cuts a piece at matches.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="matches">Matches in order.</param>
    /// <param name="behavior">What becomes of them.</param>
    /// <param name="invert">Whether matches and what lies between change places.</param>
    /// <param name="to">Receives the parts.</param>
    protected static void Cut(ReadOnlySpan<int> piece, List<RegexMatch> matches, SplitBehavior behavior, bool invert, Pieces to)
    {
        // Matches and what lies between, in turn.
        var parts = new List<(int Start, int End, bool IsMatch)>((matches.Count * 2) + 1);
        int last = 0;
        foreach (RegexMatch match in matches)
        {
            if (match.Start > last)
                parts.Add((last, match.Start, invert));
            parts.Add((match.Start, match.End, !invert));
            last = match.End;
        }

        if (last < piece.Length)
            parts.Add((last, piece.Length, invert));

        int start = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            bool ends = i + 1 == parts.Count || behavior switch
            {
                SplitBehavior.MergedWithPrevious => !parts[i + 1].IsMatch || parts[i].IsMatch,
                SplitBehavior.MergedWithNext => !parts[i].IsMatch || parts[i + 1].IsMatch,
                SplitBehavior.Contiguous => parts[i].IsMatch != parts[i + 1].IsMatch,
                _ => true,
            };
            if (!ends)
                continue;
            if (behavior != SplitBehavior.Removed || !parts[i].IsMatch)
                to.Add(piece[(behavior == SplitBehavior.Removed ? parts[i].Start : start)..parts[i].End]);
            start = parts[i].End;
        }
    }

    /// <summary>At what a pattern matches.</summary>
    public sealed class PatternSplitter(TextPattern pattern, SplitBehavior behavior, bool invert) : PieceSplitter
    {
        /// <summary>The pattern.</summary>
        public TextPattern Pattern => pattern;

        /// <summary>What becomes of what it matches.</summary>
        public SplitBehavior Behavior => behavior;

        /// <summary>Whether it is what lies between that counts as matched.</summary>
        public bool Inverts => invert;

        /// <inheritdoc/>
        public override void Split(Pieces from, Pieces to)
        {
            var matches = new List<RegexMatch>();
            for (int i = 0; i < from.Ends.Count; i++)
            {
                matches.Clear();
                pattern.FindAll(from[i], matches);
                Cut(from[i], matches, behavior, invert, to);
            }
        }
    }

    /// <summary>At single code points of a set.</summary>
    public sealed class SetSplitter(CodePointSet set, SplitBehavior behavior) : PieceSplitter
    {
        /// <summary>The set.</summary>
        public CodePointSet Set => set;

        /// <summary>What becomes of what it holds.</summary>
        public SplitBehavior Behavior => behavior;

        /// <inheritdoc/>
        public override void Split(Pieces from, Pieces to)
        {
            var matches = new List<RegexMatch>();
            for (int i = 0; i < from.Ends.Count; i++)
            {
                matches.Clear();
                ReadOnlySpan<int> piece = from[i];
                for (int at = 0; at < piece.Length; at++)
                {
                    if (set.Contains(piece[at]))
                        matches.Add(new RegexMatch(at, at + 1));
                }

                Cut(piece, matches, behavior, invert: false, to);
            }
        }
    }

    /// <summary>Into words, and then into byte letters.</summary>
    public sealed class ByteLevelSplitter(bool addPrefixSpace, TextPattern? words) : PieceSplitter
    {
        private readonly PatternSplitter? cut = words is null ? null : new PatternSplitter(words, SplitBehavior.Isolated, invert: false);

        /// <summary>Whether a piece gets a space in front.</summary>
        public bool AddsPrefixSpace => addPrefixSpace;

        /// <summary>Whether it cuts as GPT-2 does.</summary>
        public bool Cuts => words is not null;

        /// <inheritdoc/>
        public override void Split(Pieces from, Pieces to)
        {
            if (addPrefixSpace)
                from = Prefixed(from);
            if (cut is not null)
            {
                var parts = new Pieces();
                cut.Split(from, parts);
                from = parts;
            }

            for (int i = 0; i < from.Ends.Count; i++)
            {
                CodePoints.AddByteLetters(from[i], to.Text);
                to.Ends.Add(to.Text.Count);
            }
        }

        private static Pieces Prefixed(Pieces from)
        {
            var result = new Pieces();
            for (int i = 0; i < from.Ends.Count; i++)
            {
                if (from[i][0] != ' ')
                    result.Text.Add(' ');
                result.Add(from[i]);
            }

            return result;
        }
    }

    /// <summary>Writes spaces as another character, puts one in front, and cuts before each.</summary>
    public sealed class MetaspaceSplitter(int replacement, string scheme, bool splits) : PieceSplitter
    {
        /// <summary>What stands for a space.</summary>
        public int Replacement => replacement;

        /// <summary>Where one goes in front: <c>always</c>, <c>first</c>, <c>never</c>.</summary>
        public string Scheme => scheme;

        /// <inheritdoc/>
        public override void Split(Pieces from, Pieces to)
        {
            for (int i = 0; i < from.Ends.Count; i++)
            {
                ReadOnlySpan<int> piece = from[i];
                bool prefix = piece[0] != ' ' && piece[0] != replacement && (scheme == "always" || (scheme == "first" && i == 0 && from.AtStart));
                if (prefix)
                    to.Text.Add(replacement);
                for (int at = 0; at < piece.Length; at++)
                {
                    bool space = piece[at] == ' ' || piece[at] == replacement;
                    if (splits && space && at > 0)
                        to.Ends.Add(to.Text.Count);
                    to.Text.Add(space ? replacement : piece[at]);
                }

                to.Ends.Add(to.Text.Count);
            }
        }
    }

    /// <summary>Into pieces of one length.</summary>
    public sealed class LengthSplitter(int length) : PieceSplitter
    {
        /// <inheritdoc/>
        public override void Split(Pieces from, Pieces to)
        {
            for (int i = 0; i < from.Ends.Count; i++)
            {
                ReadOnlySpan<int> piece = from[i];
                for (int at = 0; at < piece.Length; at += length)
                    to.Add(piece[at..Math.Min(piece.Length, at + length)]);
            }
        }
    }
}
