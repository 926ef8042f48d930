using System.Runtime.InteropServices;
using Harness.Text.PreTokenization;
using Harness.Text.Vocabulary;

namespace Harness.Text.BytePair;

/// <summary>
/// Byte-level byte-pair encoding (Radford et al. 2019, after Sennrich et al. 2016): text is cut into words, and in
/// each the pair of neighbours with the least rank is merged, the leftmost first, until none is left.
/// </summary>
/// <remarks>Works on bytes; the vocabulary's letters (<see cref="ByteAlphabet"/>) are read back when it is built.</remarks>
internal sealed class BytePairEncoder : TextEncoder
{
    // Up to this many bytes a scan for the least rank beats a heap.
    private const int ShortWord = 48;

    private readonly PreTokenizer preTokenizer;
    private readonly ByteStringTable symbols;
    private readonly MergeTable merges;
    private readonly int vocabularySize;
    private readonly int[] symbolOfByte = new int[256];

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="preTokenizer">How text is cut into words.</param>
    /// <exception cref="TokenizerException">The vocabulary has no merges.</exception>
    public BytePairEncoder(TokenizerData data, PreTokenizer preTokenizer)
    {
        this.preTokenizer = preTokenizer;
        vocabularySize = data.Tokens.Count;
        if (data.Merges.Count == 0 && !preTokenizer.NeedsNoMerges)
        {
            throw new TokenizerException(
                "The tokenizer is 'gpt2' but there are no merges (tokenizer.ggml.merges): convert the model again.");
        }

        symbols = ReadTokens(data);
        for (int value = 0; value < 256; value++)
            symbolOfByte[value] = symbols.Add([(byte)value], out _);
        merges = ReadMerges(data);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        utf8 = LenientUtf8.Repair(utf8);
        SplitText text = SplitText.Of(utf8, ref session.Kinds, ref session.Offsets);
        List<int> ends = preTokenizer.Split(text, session.Ends, session.SpareEnds);
        WordCache? cache = session.Cache;
        int start = 0;
        foreach (int end in CollectionsMarshal.AsSpan(ends))
        {
            ReadOnlySpan<byte> word = text.Bytes(start, end);
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
    public override byte[] Piece(int id, ReadOnlySpan<byte> text)
    {
        // A token whose text is not in byte letters stands for its text.
        ReadOnlySpan<byte> bytes = symbols[id];
        return bytes.IsEmpty ? text.ToArray() : bytes.ToArray();
    }

    private static ByteStringTable ReadTokens(TokenizerData data)
    {
        var table = new ByteStringTable(data.Tokens.Count + 256, data.Tokens.Count * 8);
        byte[] bytes = new byte[256];
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = Tokenizer.TextOrPlaceholder(data.Tokens[id].Span, id);
            if (bytes.Length < text.Length)
                bytes = new byte[text.Length];
            int length = ByteAlphabet.Decode(text, bytes);
            if (length <= 0)
            {
                table.AddHidden();
                continue;
            }

            int number = table.Add(bytes.AsSpan(0, length), out bool added);
            if (!added)
                throw Tokenizer.DuplicateToken(number, id, text);
        }

        return table;
    }

    private MergeTable ReadMerges(TokenizerData data)
    {
        var table = new MergeTable(data.Merges.Count);
        byte[] bytes = new byte[256];
        for (int rank = 0; rank < data.Merges.Count; rank++)
        {
            // The space that divides is the first that is not the first character.
            ReadOnlySpan<byte> merge = data.Merges[rank].Span;
            int space = merge.Length < 2 ? -1 : merge[1..].IndexOf((byte)' ') + 1;
            if (space <= 0)
                continue;
            if (bytes.Length < merge.Length)
                bytes = new byte[merge.Length];
            int left = ByteAlphabet.Decode(merge[..space], bytes);
            int right = left < 0 ? -1 : ByteAlphabet.Decode(merge[(space + 1)..], bytes.AsSpan(left));
            if (left <= 0 || right <= 0)
                continue;
            int result = symbols.Add(bytes.AsSpan(0, left + right), out _);
            table.Add(
                symbols.Add(bytes.AsSpan(0, left), out _), symbols.Add(bytes.AsSpan(left, right), out _), rank, result);
        }

        return table;
    }

    private void EncodeWord(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        if (preTokenizer.IgnoresMerges)
        {
            int whole = symbols.Find(word);
            if (whole >= 0 && whole < vocabularySize)
            {
                ids.Add(whole);
                return;
            }
        }

        if (word.Length <= ShortWord)
            MergeShort(word, session, ids);
        else
            MergeLong(word, session, ids);
    }

    private void MergeShort(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        int count = word.Length;
        Span<int> parts = session.Symbols.AsSpan(0, count);
        Span<int> ranks = session.Ranks.AsSpan(0, count);
        Span<int> results = session.Results.AsSpan(0, count);
        for (int i = 0; i < count; i++)
            parts[i] = symbolOfByte[word[i]];
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = merges.Rank(parts[i], parts[i + 1], out results[i]);

        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[best])
                    best = i;
            }

            if (ranks[best] == int.MaxValue)
                break;
            parts[best] = results[best];
            parts[(best + 2)..count].CopyTo(parts[(best + 1)..]);
            if (best + 2 < count)
            {
                ranks[(best + 2)..(count - 1)].CopyTo(ranks[(best + 1)..]);
                results[(best + 2)..(count - 1)].CopyTo(results[(best + 1)..]);
            }

            count--;
            if (best > 0)
                ranks[best - 1] = merges.Rank(parts[best - 1], parts[best], out results[best - 1]);
            if (best + 1 < count)
                ranks[best] = merges.Rank(parts[best], parts[best + 1], out results[best]);
        }

        foreach (int part in parts[..count])
            AddSymbol(part, ids);
    }

    private void MergeLong(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        if (session.Links.Length < word.Length)
            session.Links = new EncodingSession.Link[word.Length];
        Span<EncodingSession.Link> links = session.Links.AsSpan(0, word.Length);
        MergeHeap heap = session.Heap;
        heap.Clear();
        for (int i = 0; i < links.Length; i++)
            links[i] = new(i - 1, i + 1 < links.Length ? i + 1 : -1, i, 1, symbolOfByte[word[i]]);
        for (int i = 0; i + 1 < links.Length; i++)
            Offer(links, i, i + 1, heap);

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
                Offer(links, merge.Left, left.Next, heap);
            }

            if (left.Previous >= 0)
                Offer(links, left.Previous, merge.Left, heap);
        }

        for (int i = 0; i >= 0; i = links[i].Next)
            AddSymbol(links[i].Symbol, ids);
    }

    private void Offer(Span<EncodingSession.Link> links, int left, int right, MergeHeap heap)
    {
        int rank = merges.Rank(links[left].Symbol, links[right].Symbol, out int result);
        if (rank == int.MaxValue)
            return;
        int length = links[left].Length + links[right].Length;
        heap.Push(new MergeCandidate(((ulong)(uint)rank << 32) | (uint)left, left, right, length, result));
    }

    // A symbol that is no token falls apart into letters; as in llama.cpp, only letters of one UTF-8 byte are looked
    // up, and those that are no tokens either are dropped.
    private void AddSymbol(int symbol, List<int> ids)
    {
        if (symbol < vocabularySize)
        {
            ids.Add(symbol);
            return;
        }

        foreach (byte value in symbols[symbol])
        {
            int id = symbolOfByte[value];
            if (value is >= 0x21 and <= 0x7E && id < vocabularySize)
                ids.Add(id);
        }
    }
}
