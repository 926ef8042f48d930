using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.Unigram;

/// <summary>
/// Viterbi's algorithm over code points. Scores are summed in float64 from the left, as SentencePiece and llama.cpp do: a
/// tie is broken by the order of rounding too.
/// </summary>
/// <param name="trie">The tokens that may be chosen.</param>
/// <param name="scores">Scores by id.</param>
/// <param name="unknownScore">What a code point costs that is no token.</param>
/// <param name="unknown">Its id, or −1 to drop it.</param>
/// <param name="tokenOfByte">What unknown text becomes byte by byte (−1 where a byte has none), or null for one token.</param>
internal sealed class UnigramLattice(ByteTrie trie, double[] scores, double unknownScore, int unknown, int[]? tokenOfByte)
{
    /// <summary>Encodes normalized text.</summary>
    /// <param name="text">The text, UTF-8.</param>
    /// <param name="session">Where to work.</param>
    /// <param name="ids">Receives the ids.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Encode(ReadOnlySpan<byte> text, EncodingSession session, List<int> ids)
    {
        if (text.IsEmpty)
            return;
        if (session.Best.Length <= text.Length)
            session.Best = new EncodingSession.BestEnding[Math.Max(256, text.Length + (text.Length >> 2) + 1)];
        Span<EncodingSession.BestEnding> best = session.Best.AsSpan(0, text.Length + 1);
        best.Fill(new EncodingSession.BestEnding(double.MinValue, 0, unknown));
        best[0].Score = 0;
        for (int start = 0; start < text.Length;)
        {
            int length = Math.Min(LenientUtf8.OfLeadByte(text[start]), text.Length - start);
            double score = best[start].Score;
            bool single = false;
            int node = trie.Start(text[start]);
            for (int at = start + 1; node >= 0; at++)
            {
                int id = trie.Value(node);
                if (id >= 0)
                {
                    single |= at - start == length;
                    double challenger = score + scores[id];
                    ref EncodingSession.BestEnding champion = ref best[at];
                    if (challenger > champion.Score)
                        champion = new EncodingSession.BestEnding(challenger, start, id);
                }

                if (at == text.Length)
                    break;
                node = trie.Next(node, text[at]);
            }

            start += length;
            if (!single && score + unknownScore > best[start].Score)
                best[start] = new EncodingSession.BestEnding(score + unknownScore, start - length, unknown);
        }

        Collect(text, best, ids);
    }

    // From the end to the start; neighbouring unknown tokens become one.
    private void Collect(ReadOnlySpan<byte> text, ReadOnlySpan<EncodingSession.BestEnding> best, List<int> ids)
    {
        int first = ids.Count;
        bool unknownBefore = false;
        for (int end = text.Length; end > 0;)
        {
            (_, int start, int id) = best[end];
            if (id == unknown && tokenOfByte is not null)
            {
                for (int i = end - 1; i >= start; i--)
                    ids.Add(tokenOfByte[text[i]] >= 0 ? tokenOfByte[text[i]] : unknown);
            }
            else if (id >= 0 && !(unknownBefore && id == unknown))
            {
                ids.Add(id);
            }

            unknownBefore = id == unknown;
            end = start;
        }

        ids.Reverse(first, ids.Count - first);
    }
}
