using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.Rwkv;

/// <summary>RWKV's tokenizer: the longest token of the vocabulary, again and again, over bytes.</summary>
internal sealed class RwkvEncoder : TextEncoder
{
    private readonly ByteTrie trie;
    private readonly int unknown;

    /// <summary>Builds the trie of a vocabulary.</summary>
    /// <param name="data">The vocabulary; its texts are written with escapes (<see cref="Unescape"/>).</param>
    /// <param name="unknownId">What stands for a byte no token begins with, or null to drop it.</param>
    public RwkvEncoder(TokenizerData data, int? unknownId)
    {
        unknown = unknownId ?? -1;
        ReadOnlyMemory<byte>[] texts = VocabularyTokens.Distinct(data);
        int[] ids = new int[texts.Length];
        for (int id = 0; id < texts.Length; id++)
        {
            texts[id] = Unescape(texts[id].Span);
            ids[id] = id;
        }

        trie = new ByteTrie(texts, ids);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        while (!utf8.IsEmpty)
        {
            int id = trie.LongestPrefix(utf8, out int length);
            if (id < 0)
                (id, length) = (unknown, 1);
            if (id >= 0)
                ids.Add(id);
            utf8 = utf8[length..];
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => Unescape(text);

    /// <summary>Reads <c>\t</c>, <c>\n</c>, <c>\r</c>, <c>\xHH</c>; any other escaped character is itself.</summary>
    internal static byte[] Unescape(ReadOnlySpan<byte> text)
    {
        var bytes = new List<byte>(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                if (text[at] != '\\')
                    bytes.Add(text[at]);
                continue;
            }

            byte escaped = text[++at];
            if (escaped == 'x' && at + 2 < text.Length)
            {
                bytes.Add((byte)((Digit(text[at + 1]) << 4) + Digit(text[at + 2])));
                at += 2;
            }
            else if (escaped != 'x')
            {
                bytes.Add(escaped switch { (byte)'t' => (byte)'\t', (byte)'n' => (byte)'\n', (byte)'r' => (byte)'\r', _ => escaped });
            }
        }

        return [.. bytes];
    }

    private static int Digit(byte c) => c >= 'a' ? c - 'a' + 10 : c - '0';
}
