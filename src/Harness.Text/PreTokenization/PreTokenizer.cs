namespace Harness.Text.PreTokenization;

/// <summary>How the tokens of a byte-pair vocabulary are written.</summary>
internal enum TokenNotation
{
    /// <summary>A letter for each byte (<see cref="BytePair.ByteAlphabet"/>).</summary>
    ByteLetters,

    /// <summary>As they are, with byte tokens <c>&lt;0xXX&gt;</c> for what is missing.</summary>
    Plain,
}

/// <summary>How a named pre-tokenizer cuts text into words, and what its name says beside.</summary>
internal sealed record PreTokenizer
{
    /// <summary>The steps, in order.</summary>
    public required IReadOnlyList<SplitStep> Steps { get; init; }

    /// <summary>How the tokens are written.</summary>
    public TokenNotation Notation { get; init; }

    /// <summary>Whether spaces are written U+2581.</summary>
    public bool EscapesSpaces { get; init; }

    /// <summary>Whether a run of line breaks that is a token is taken whole.</summary>
    public bool KeepsLineBreaks { get; init; }

    /// <summary>Whether a word that is a token is taken whole, without merging.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Whether prompts begin with BOS where the metadata says nothing.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Whether prompts begin with BOS even where the metadata says no, as llama.cpp has it.</summary>
    public bool RequiresBos { get; init; }

    /// <summary>Whether the kind's default BOS id is not to be used.</summary>
    public bool HasNoDefaultBos { get; init; }

    /// <summary>Whether the vocabulary may come without merges.</summary>
    public bool NeedsNoMerges { get; init; }

    /// <summary>Cuts text into words.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ends">Receives the end of each word, in code points; the last is the text's length.</param>
    /// <param name="spare">A list to work in.</param>
    /// <returns>The list that holds the ends: one of the two.</returns>
    public List<int> Split(in SplitText text, List<int> ends, List<int> spare)
    {
        ends.Clear();
        if (text.Length == 0)
            return ends;
        ends.Add(text.Length);
        foreach (SplitStep step in Steps)
        {
            spare.Clear();
            int start = 0;
            foreach (int end in ends)
            {
                step.Split(text, start, end, spare);
                start = end;
            }

            (ends, spare) = (spare, ends);
        }

        return ends;
    }
}
