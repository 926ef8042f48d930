using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.Unigram;

/// <summary>
/// The unigram language model (Kudo 2018): of all ways to write a text with tokens, the one with the greatest sum of
/// scores, by Viterbi's algorithm over code points. Scores are summed in float64 from the left, as SentencePiece and
/// llama.cpp do: a tie is broken by the order of rounding too.
/// </summary>
internal sealed class UnigramEncoder : TextEncoder
{
    private const float UnknownPenalty = 10.0f;

    private readonly UnigramNormalizer normalizer;
    private readonly ByteTrie trie;
    private readonly double[] scores;
    private readonly double unknownScore;
    private readonly int unknown;
    private readonly int[]? tokenOfByte;

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="addSpacePrefix">Whether text gets a space in front.</param>
    /// <param name="unknownId">What stands for unknown text, or null to drop it.</param>
    /// <param name="attributes">What each token is, after corrections.</param>
    public UnigramEncoder(TokenizerData data, bool addSpacePrefix, int? unknownId, ReadOnlySpan<TokenAttributes> attributes)
    {
        unknown = unknownId ?? -1;
        ReadOnlyMemory<byte>[] texts = VocabularyTokens.Distinct(data);
        var keys = new List<ReadOnlyMemory<byte>>(texts.Length);
        var ids = new List<int>(texts.Length);
        var userDefined = new List<ReadOnlyMemory<byte>>();
        scores = new double[texts.Length];
        float least = float.MaxValue;
        for (int id = 0; id < texts.Length; id++)
        {
            float score = VocabularyTokens.ScoreOf(data, id);
            scores[id] = (attributes[id] & TokenAttributes.UserDefined) != 0 ? 0 : score;
            TokenType type = VocabularyTokens.TypeOf(data, id);
            if (type == TokenType.Normal && score < least)
                least = score;
            if (type == TokenType.UserDefined)
                userDefined.Add(texts[id]);
            if (type is TokenType.Normal or TokenType.UserDefined or TokenType.Unused)
            {
                keys.Add(texts[id]);
                ids.Add(id);
            }
        }

        unknownScore = least - UnknownPenalty;
        trie = new ByteTrie(keys, [.. ids]);
        normalizer = new UnigramNormalizer(data, addSpacePrefix, userDefined);
        tokenOfByte = data.ByteFallback ? ByteTokens(data) : null;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        ReadOnlySpan<byte> text = normalizer.Normalize(utf8, session);
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

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => VocabularyTokens.Unescape(text);

    private static int[] ByteTokens(TokenizerData data)
    {
        int[] tokens = new int[256];
        Array.Fill(tokens, -1);
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            if (VocabularyTokens.TypeOf(data, id) == TokenType.Byte && Tokenizer.IsByte(data.Tokens[id].Span, out byte value))
                tokens[value] = id;
        }

        return tokens;
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
