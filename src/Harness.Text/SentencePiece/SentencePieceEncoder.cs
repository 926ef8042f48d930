using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Text.Unigram;
using Harness.Text.Vocabulary;

namespace Harness.Text.SentencePiece;

/// <summary>
/// SentencePiece BPE as Llama uses it: characters are merged by the score of the token they make, the highest first
/// and the leftmost among equals; a character that is no token becomes its bytes, <c>&lt;0xXX&gt;</c>.
/// </summary>
internal sealed class SentencePieceEncoder : TextEncoder
{
    private readonly ByteStringTable tokens;
    private readonly AdjacentCharacters adjacent = new();
    private readonly uint[] order;
    private readonly int[] tokenOfByte = new int[256];
    private readonly bool addSpacePrefix;
    private readonly UnigramNormalizer? normalizer;
    private readonly int unknown;

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="addSpacePrefix">Whether text at the start or after a special token gets a space in front.</param>
    /// <param name="unknownId">What stands for a byte that has no token, or null to drop it.</param>
    public SentencePieceEncoder(TokenizerData data, bool addSpacePrefix, int? unknownId)
    {
        this.addSpacePrefix = addSpacePrefix;
        unknown = unknownId ?? -1;
        if (data.NormalizesAsSentencePiece)
            normalizer = new UnigramNormalizer(data, addSpacePrefix, []);
        tokens = new ByteStringTable(data.Tokens.Count, data.Tokens.Count * 8);
        order = new uint[data.Tokens.Count];
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = Tokenizer.TextOrPlaceholder(data.Tokens[id].Span, id);
            int number = tokens.Add(text, out bool added);
            if (!added)
                throw Tokenizer.DuplicateToken(number, id, text);
            adjacent.Add(text);
            order[id] = Order(id < data.Scores.Length ? data.Scores.Span[id] : 0);
        }

        for (int value = 0; value < 256; value++)
        {
            int id = tokens.Find(Encoding.ASCII.GetBytes($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>"));
            id = id >= 0 ? id : tokens.Find([(byte)value]);
            tokenOfByte[value] = id;
        }
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        ReadOnlySpan<byte> text = normalizer is not null ? normalizer.Normalize(utf8, session) : EscapedSpaces.Write(utf8, addSpacePrefix && afterSpecial, session);
        WordCache? cache = session.Cache;
        int start = 0;
        while (start < text.Length)
        {
            int end = adjacent.PartEnd(text, start);
            ReadOnlySpan<byte> word = text[start..end];
            start = end;
            int slot = -1;
            if (cache is not null && cache.TryGet(word, out slot, out ReadOnlySpan<int> known))
            {
                ids.AddRange(known);
                continue;
            }

            int before = ids.Count;
            EncodeWord(word, session, ids);
            cache?.Store(slot, word, CollectionsMarshal.AsSpan(ids)[before..]);
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) => VocabularyTokens.Unescape(text);

    // Higher scores come first; adding zero makes the two zeros one.
    private static uint Order(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0.0f);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ~ascending;
    }

    private void EncodeWord(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        if (session.Links.Length < word.Length)
            session.Links = new EncodingSession.Link[Math.Max(64, word.Length)];
        int count = 0;
        for (int at = 0; at < word.Length; count++)
        {
            int length = Math.Min(LenientUtf8.OfLeadByte(word[at]), word.Length - at);
            session.Links[count] = new(count - 1, count + 1, at, length, -1);
            at += length;
        }

        Span<EncodingSession.Link> links = session.Links.AsSpan(0, count);
        links[^1].Next = -1;
        MergeHeap heap = session.Heap;
        heap.Clear();
        for (int i = 0; i + 1 < count; i++)
            Offer(word, links, i, i + 1, heap);

        while (heap.Count > 0)
        {
            MergeCandidate merge = heap.Pop();
            ref EncodingSession.Link left = ref links[merge.Left];
            ref EncodingSession.Link right = ref links[merge.Right];
            if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != merge.Length)
                continue;
            left.Length = merge.Length;
            left.Symbol = merge.Result;
            left.Next = right.Next;
            right.Length = 0;
            if (left.Next >= 0)
            {
                links[left.Next].Previous = merge.Left;
                Offer(word, links, merge.Left, left.Next, heap);
            }

            if (left.Previous >= 0)
                Offer(word, links, left.Previous, merge.Left, heap);
        }

        for (int i = 0; i >= 0; i = links[i].Next)
            AddSymbol(word.Slice(links[i].Start, links[i].Length), links[i].Symbol, ids);
    }

    private void Offer(
        ReadOnlySpan<byte> word, Span<EncodingSession.Link> links, int left, int right, MergeHeap heap)
    {
        int length = links[left].Length + links[right].Length;
        int id = tokens.Find(word.Slice(links[left].Start, length));
        if (id >= 0)
            heap.Push(new MergeCandidate(((ulong)order[id] << 32) | (uint)left, left, right, length, id));
    }

    private void AddSymbol(ReadOnlySpan<byte> text, int symbol, List<int> ids)
    {
        int id = symbol >= 0 ? symbol : tokens.Find(text);
        if (id >= 0)
        {
            ids.Add(id);
            return;
        }

        // A character is all bytes or unknown.
        foreach (byte value in text)
        {
            if (tokenOfByte[value] >= 0)
                continue;
            if (unknown >= 0)
                ids.Add(unknown);
            return;
        }

        foreach (byte value in text)
            ids.Add(tokenOfByte[value]);
    }
}
