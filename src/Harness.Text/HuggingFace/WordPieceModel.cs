using System.Text;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>The longest tokens from the left; what goes on within a word bears a prefix in the vocabulary.</summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly ByteTrie beginning;
    private readonly ByteTrie going;
    private readonly int longestWord;
    private readonly int unknown;

    private WordPieceModel(JsonVocabulary vocabulary, string prefix, int longestWord, int unknown)
        : base(vocabulary)
    {
        this.longestWord = longestWord;
        this.unknown = unknown;
        Prefix = prefix;
        byte[] mark = Encoding.UTF8.GetBytes(prefix);
        (var all, var allIds) = (new List<ReadOnlyMemory<byte>>(), new List<int>());
        (var marked, var markedIds) = (new List<ReadOnlyMemory<byte>>(), new List<int>());
        for (int id = 0; id < vocabulary.Size; id++)
        {
            if (vocabulary.TextOf(id) is not { } text)
                continue;
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            all.Add(bytes);
            allIds.Add(id);
            if (!bytes.AsSpan().StartsWith(mark))
                continue;
            marked.Add(bytes.AsMemory(mark.Length));
            markedIds.Add(id);
        }

        beginning = new ByteTrie(all, [.. allIds]);
        going = new ByteTrie(marked, [.. markedIds]);
    }

    /// <summary>What tokens within a word begin with.</summary>
    public string Prefix { get; }

    /// <summary>Reads the model.</summary>
    public static new WordPieceModel Read(JsonPlace json)
    {
        var vocabulary = JsonVocabulary.Read(json.Get("vocab"));
        string unknown = json.Text("unk_token") ?? "[UNK]";
        return new WordPieceModel(
            vocabulary, json.Text("continuing_subword_prefix") ?? "##", json.Number("max_input_chars_per_word") ?? 100,
            UnknownId(json, vocabulary, unknown))
        { UnknownToken = unknown };
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> piece, EncodingSession session, List<int> ids)
    {
        int before = ids.Count;
        ByteTrie trie = beginning;
        bool known = piece.Length <= longestWord || CodePointCount(piece) <= longestWord;
        while (known && !piece.IsEmpty)
        {
            int id = trie.LongestPrefix(piece, out int length);
            known = id >= 0;
            ids.Add(id);
            piece = piece[length..];
            trie = going;
        }

        if (known)
            return;
        ids.RemoveRange(before, ids.Count - before);
        ids.Add(unknown);
    }

    private static int CodePointCount(ReadOnlySpan<byte> utf8)
    {
        int count = 0;
        foreach (byte value in utf8)
            count += (value & 0xC0) != 0x80 ? 1 : 0;
        return count;
    }
}
