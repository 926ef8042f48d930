using System.Globalization;
using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.Plamo;

/// <summary>
/// PLaMo-2's tokenizer: a unigram model with whole-number costs, solved from the end of the text; among equal ways the
/// longer first token wins. A character no token covers costs a great deal and becomes its bytes.
/// </summary>
internal sealed class PlamoEncoder : TextEncoder
{
    private const long UnknownCost = 10_000_000;
    private const int LeastScore = -20_000_000;
    private const double ScoreScale = 1e4;

    private readonly ByteTrie trie;
    private readonly int[] scores;
    private readonly int[] tokenOfByte = new int[256];

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <exception cref="TokenizerException">A byte has no token.</exception>
    public PlamoEncoder(TokenizerData data)
    {
        ReadOnlyMemory<byte>[] texts = VocabularyTokens.Distinct(data);
        var keys = new List<ReadOnlyMemory<byte>>(texts.Length);
        var ids = new List<int>(texts.Length);
        scores = new int[texts.Length];
        for (int id = 0; id < texts.Length; id++)
        {
            if (VocabularyTokens.TypeOf(data, id) == TokenType.Byte)
            {
                if (Tokenizer.IsByte(texts[id].Span, out byte value))
                    tokenOfByte[value] = id;
                continue;
            }

            float score = VocabularyTokens.ScoreOf(data, id);
            scores[id] = float.IsFinite(score) ? Rounded(score) : LeastScore;
            if (scores[id] <= LeastScore)
                continue;
            keys.Add(LenientUtf8.Repair(texts[id].Span).ToArray());
            ids.Add(id);
        }

        int missing = tokenOfByte.AsSpan().IndexOf(0);
        if (missing >= 0)
        {
            throw new TokenizerException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tokenizer is 'plamo2' but the byte token <0x{missing:X2}> is missing from tokenizer.ggml.tokens: convert the model again."));
        }

        trie = new ByteTrie(keys, [.. ids]);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        ReadOnlySpan<byte> text = LenientUtf8.Repair(utf8);
        if (text.StartsWith("\uFEFF"u8))
            text = text["\uFEFF"u8.Length..];
        if (session.Costs.Length <= text.Length)
            session.Costs = new EncodingSession.CheapestBeginning[Math.Max(256, text.Length + (text.Length >> 2) + 1)];
        Span<EncodingSession.CheapestBeginning> cheapest = session.Costs.AsSpan(0, text.Length + 1);
        cheapest[text.Length] = default;
        for (int start = text.Length - 1; start >= 0; start--)
        {
            if ((text[start] & 0xC0) != 0x80)
                cheapest[start] = Cheapest(text, start, cheapest);
        }

        for (int at = 0; at < text.Length;)
        {
            (_, int length, int token) = cheapest[at];
            if (token >= 0)
            {
                ids.Add(token);
            }
            else
            {
                foreach (byte value in text.Slice(at, length))
                    ids.Add(tokenOfByte[value]);
            }

            at += length;
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => text.ToArray();

    private static int Rounded(float score) =>
        (int)Math.Clamp(Math.Round(score * ScoreScale, MidpointRounding.AwayFromZero), LeastScore, int.MaxValue - 256);

    private EncodingSession.CheapestBeginning Cheapest(
        ReadOnlySpan<byte> text, int start, ReadOnlySpan<EncodingSession.CheapestBeginning> cheapest)
    {
        int character = Math.Min(LenientUtf8.OfLeadByte(text[start]), text.Length - start);
        var best = new EncodingSession.CheapestBeginning(cheapest[start + character].Cost + UnknownCost, character, -1);
        int node = trie.Start(text[start]);
        for (int at = start + 1; node >= 0; at++)
        {
            int id = trie.Value(node);
            long cost = id < 0 ? 0 : cheapest[at].Cost - scores[id];
            if (id >= 0 && cost <= best.Cost)
                best = new EncodingSession.CheapestBeginning(cost, at - start, id);

            if (at == text.Length)
                break;
            node = trie.Next(node, text[at]);
        }

        return best;
    }
}
