using Harness.Text.Vocabulary;

namespace Harness.Text.Unigram;

/// <summary>
/// The unigram language model (Kudo 2018): of all ways to write a text with tokens, the one with the greatest sum of scores.
/// </summary>
internal sealed class UnigramEncoder : TextEncoder
{
    private const float UnknownPenalty = 10.0f;

    private readonly UnigramNormalizer normalizer;
    private readonly UnigramLattice lattice;

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="addSpacePrefix">Whether text gets a space in front.</param>
    /// <param name="unknownId">What stands for unknown text, or null to drop it.</param>
    /// <param name="attributes">What each token is, after corrections.</param>
    public UnigramEncoder(TokenizerData data, bool addSpacePrefix, int? unknownId, ReadOnlySpan<TokenAttributes> attributes)
    {
        ReadOnlyMemory<byte>[] texts = VocabularyTokens.Distinct(data);
        var keys = new List<ReadOnlyMemory<byte>>(texts.Length);
        var ids = new List<int>(texts.Length);
        var userDefined = new List<ReadOnlyMemory<byte>>();
        double[] scores = new double[texts.Length];
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

        lattice = new UnigramLattice(
            new ByteTrie(keys, [.. ids]), scores, least - UnknownPenalty, unknownId ?? -1, data.ByteFallback ? ByteTokens(data) : null);
        normalizer = new UnigramNormalizer(data, addSpacePrefix, userDefined);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids) =>
        lattice.Encode(normalizer.Normalize(utf8, session), session, ids);

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
}
