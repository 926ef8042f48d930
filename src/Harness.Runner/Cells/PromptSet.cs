using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Harness.Matrix;

namespace Harness.Runner.Cells;

/// <summary>What is asked of every backend of a variant, and the ids that are scored.</summary>
/// <param name="Prompts">The prompts.</param>
internal sealed record PromptSet(IReadOnlyList<PromptEntry> Prompts)
{
    /// <summary>The scheme by which the ids to score are chosen; a change of it changes the subject.</summary>
    private const int ScoreScheme = 1;

    /// <summary>Most ids scored.</summary>
    private const int MostScored = 48;

    /// <summary>Most bytes of logits: large vocabularies are scored at fewer positions.</summary>
    private const long MostLogitsBytes = 32L << 20;

    /// <summary>sha256 (hex) of texts, given ids, limits and the scoring scheme; expectations judge answers and are no part of it.</summary>
    public string Digest
    {
        get
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"score scheme {ScoreScheme}\n");
            foreach (PromptEntry prompt in Prompts)
            {
                text.Append(CultureInfo.InvariantCulture, $"{prompt.Id}\0{prompt.MaxTokens}\0{prompt.Text}\0");
                if (prompt.Ids is { } ids) text.AppendJoin(' ', ids);
                text.Append('\n');
            }

            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
    }

    /// <summary>
    /// The ids to score: the prompts' own, one after the other, then ids spread over the whole vocabulary, so that rows
    /// of the embedding no prompt touches are seen too.
    /// </summary>
    /// <param name="promptIds">The canonical ids of the prompts, in order.</param>
    /// <param name="vocabularySize">Tokens of the vocabulary.</param>
    /// <param name="contextLength">Positions there are.</param>
    public static int[] ScoreIds(IReadOnlyList<IReadOnlyList<int>> promptIds, int vocabularySize, int contextLength)
    {
        long affordable = Math.Max(8, MostLogitsBytes / (4L * Math.Max(1, vocabularySize)));
        int length = (int)Math.Min(Math.Min(MostScored, contextLength), affordable);
        List<int> ids = [.. promptIds.SelectMany(p => p).Take(length * 2 / 3)];
        // A multiplicative walk with an odd step visits ids far apart, the same ones everywhere.
        uint state = 12345;
        while (ids.Count < length)
        {
            state = unchecked((state * 1664525) + 1013904223);
            ids.Add((int)((state >> 8) % (uint)vocabularySize));
        }

        return [.. ids];
    }
}

/// <summary>The ids every backend of a variant is given.</summary>
/// <param name="From">Whose tokenizer they are from.</param>
/// <param name="Prompts">Ids of each prompt, in order.</param>
internal sealed record CanonicalIds(string From, IReadOnlyList<int[]> Prompts);
