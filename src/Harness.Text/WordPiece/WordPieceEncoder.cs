using System.Runtime.InteropServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.WordPiece;

/// <summary>
/// WordPiece as BERT has it, in the notation of GGUF (a word begins with U+2581, what goes on has no mark): text is
/// normalized and cut into words, and each word is written with the longest tokens from the left, or is unknown.
/// </summary>
internal sealed class WordPieceEncoder : TextEncoder
{
    private static readonly byte[] WordMark = [0xE2, 0x96, 0x81];

    private readonly WordPieceNormalizer normalizer;
    private readonly ByteTrie trie;
    private readonly int unknown;

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="unknownId">What stands for a word that cannot be written, or null to drop it.</param>
    public WordPieceEncoder(TokenizerData data, int? unknownId)
    {
        unknown = unknownId ?? -1;
        bool lowercases = data.Lowercases ?? true;
        normalizer = new WordPieceNormalizer(lowercases, data.StripsAccents ?? lowercases);
        ReadOnlyMemory<byte>[] texts = VocabularyTokens.Distinct(data);
        int[] ids = new int[texts.Length];
        for (int id = 0; id < ids.Length; id++)
            ids[id] = id;
        trie = new ByteTrie(texts, ids);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        ReadOnlySpan<byte> words = normalizer.Normalize(utf8, session);
        WordCache? cache = session.Cache;
        int start = 0;
        foreach (int end in CollectionsMarshal.AsSpan(session.Ends))
        {
            ReadOnlySpan<byte> word = words[start..end];
            start = end;
            int slot = -1;
            if (cache is not null && cache.TryGet(word, out slot, out ReadOnlySpan<int> known))
            {
                ids.AddRange(known);
                continue;
            }

            int before = ids.Count;
            EncodeWord(word, ids);
            cache?.Store(slot, word, CollectionsMarshal.AsSpan(ids)[before..]);
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => VocabularyTokens.Unescape(text);

    // The words stand one after the other, each with its mark.
    private void EncodeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        int before = ids.Count;
        while (!word.IsEmpty)
        {
            int id = trie.LongestPrefix(word, out int length);
            if (id < 0)
            {
                ids.RemoveRange(before, ids.Count - before);
                break;
            }

            ids.Add(id);
            word = word[length..];
        }

        if (ids.Count == before && unknown >= 0)
            ids.Add(unknown);
    }

    /// <summary>What goes in front of every word.</summary>
    internal static ReadOnlySpan<byte> Mark => WordMark;
}
