using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Text.PreTokenization;
using Harness.Text.SentencePiece;
using Harness.Text.Vocabulary;

namespace Harness.Text.BytePair;

/// <summary>
/// Byte-pair encoding (Radford et al. 2019, after Sennrich et al. 2016): text is cut into words, and in each the pair of
/// neighbours with the least rank is merged, the leftmost first, until none is left.
/// </summary>
/// <remarks>
/// A byte-level vocabulary is worked on as bytes: its letters (<see cref="ByteAlphabet"/>) are read back when it is built. A
/// plain one is worked on as characters; its words are long (a line), so they are cut where no merge can cross.
/// </remarks>
internal sealed class BytePairEncoder : TextEncoder
{
    // Up to this many bytes a scan for the least rank beats a heap.
    private const int ShortWord = 48;

    private readonly PreTokenizer preTokenizer;
    private readonly ByteStringTable symbols;
    private readonly MergeTable merges;
    private readonly int vocabularySize;
    private readonly int[] symbolOfByte = new int[256];
    private readonly bool plain;
    private readonly AdjacentCharacters adjacent = new();

    /// <summary>Builds the tables of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="preTokenizer">How text is cut into words.</param>
    /// <exception cref="TokenizerException">The vocabulary has no merges.</exception>
    public BytePairEncoder(TokenizerData data, PreTokenizer preTokenizer)
    {
        this.preTokenizer = preTokenizer;
        plain = preTokenizer.Notation == TokenNotation.Plain;
        vocabularySize = data.Tokens.Count;
        if (data.Merges.Count == 0 && !preTokenizer.NeedsNoMerges)
        {
            throw new TokenizerException(
                $"The tokenizer is '{data.Model}' but there are no merges (tokenizer.ggml.merges): convert the model again.");
        }

        symbols = ReadTokens(data);
        for (int value = 0; value < 256; value++)
        {
            symbolOfByte[value] = plain
                ? symbols.Find(Encoding.ASCII.GetBytes($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>"))
                : symbols.Add([(byte)value], out _);
        }

        merges = ReadMerges(data);
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        utf8 = LenientUtf8.Repair(utf8);
        if (preTokenizer.EscapesSpaces)
            utf8 = EscapedSpaces.Write(utf8, prefix: false, session);
        SplitText text = SplitText.Of(utf8, ref session.Kinds, ref session.Offsets);
        List<int> ends = preTokenizer.Split(text, session.Ends, session.SpareEnds);
        WordCache? cache = session.Cache;
        int start = 0;
        foreach (int end in CollectionsMarshal.AsSpan(ends))
        {
            ReadOnlySpan<byte> word = text.Bytes(start, end);
            start = end;
            if (plain && !(preTokenizer.KeepsLineBreaks && IsLineBreakToken(word)))
            {
                EncodeParts(word, session, cache, ids);
                continue;
            }

            EncodeCached(word, session, cache, ids);
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text)
    {
        if (plain)
            return preTokenizer.EscapesSpaces ? VocabularyTokens.Unescape(text) : text.ToArray();

        // A token whose text is not in byte letters stands for its text.
        byte[] bytes = new byte[text.Length];
        int length = ByteAlphabet.Decode(text, bytes);
        return length < 0 ? text.ToArray() : bytes[..length];
    }

    private int ReadText(ReadOnlySpan<byte> text, Span<byte> bytes)
    {
        if (!plain)
            return ByteAlphabet.Decode(text, bytes);
        text.CopyTo(bytes);
        return text.Length;
    }

    private ByteStringTable ReadTokens(TokenizerData data)
    {
        var table = new ByteStringTable(data.Tokens.Count + 256, data.Tokens.Count * 8);
        byte[] bytes = new byte[256];
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            ReadOnlySpan<byte> text = Tokenizer.TextOrPlaceholder(data.Tokens[id].Span, id);
            if (bytes.Length < text.Length)
                bytes = new byte[text.Length];
            int length = ReadText(text, bytes);
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
            int left = ReadText(merge[..space], bytes);
            int right = left < 0 ? -1 : ReadText(merge[(space + 1)..], bytes.AsSpan(left));
            if (left <= 0 || right <= 0)
                continue;
            if (plain)
                adjacent.Add(bytes.AsSpan(0, left + right));
            int result = symbols.Add(bytes.AsSpan(0, left + right), out _);
            table.Add(
                symbols.Add(bytes.AsSpan(0, left), out _), symbols.Add(bytes.AsSpan(left, right), out _), rank, result);
        }

        return table;
    }

    private bool IsLineBreakToken(ReadOnlySpan<byte> word)
    {
        int id = word.ContainsAnyExcept((byte)'\n') ? -1 : symbols.Find(word);
        return id >= 0 && id < vocabularySize;
    }

    private void EncodeParts(ReadOnlySpan<byte> word, EncodingSession session, WordCache? cache, List<int> ids)
    {
        if (IgnoresMergesOf(word, ids))
            return;
        for (int start = 0; start < word.Length;)
        {
            int end = adjacent.PartEnd(word, start);
            EncodeCached(word[start..end], session, cache, ids);
            start = end;
        }
    }

    private void EncodeCached(ReadOnlySpan<byte> word, EncodingSession session, WordCache? cache, List<int> ids)
    {
        int slot = -1;
        if (cache is not null && cache.TryGet(word, out slot, out ReadOnlySpan<int> known))
        {
            ids.AddRange(known);
            return;
        }

        int before = ids.Count;
        EncodeWord(word, session, ids);
        cache?.Store(slot, word, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    private bool IgnoresMergesOf(ReadOnlySpan<byte> word, List<int> ids)
    {
        int whole = preTokenizer.IgnoresMerges ? symbols.Find(word) : -1;
        if (whole < 0 || whole >= vocabularySize)
            return false;
        ids.Add(whole);
        return true;
    }

    private void EncodeWord(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        if (!plain && IgnoresMergesOf(word, ids))
            return;
        if (plain && preTokenizer.KeepsLineBreaks && IsLineBreakToken(word))
        {
            ids.Add(symbols.Find(word));
            return;
        }

        if (word.Length <= ShortWord && !plain)
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
            AddSymbol(symbols[part], part, ids);
    }

    private void MergeLong(ReadOnlySpan<byte> word, EncodingSession session, List<int> ids)
    {
        if (session.Links.Length < word.Length)
            session.Links = new EncodingSession.Link[word.Length];
        Span<EncodingSession.Link> links = session.Links.AsSpan(0, word.Length);
        links = links[..FillLinks(word, links)];
        MergeHeap heap = session.Heap;
        heap.Clear();
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
            AddSymbol(word.Slice(links[i].Start, links[i].Length), links[i].Symbol, ids);
    }

    // A byte each, or a character each; a character that is no symbol cannot merge.
    private int FillLinks(ReadOnlySpan<byte> word, Span<EncodingSession.Link> links)
    {
        int count = 0;
        for (int at = 0; at < word.Length; count++)
        {
            int length = plain ? Math.Min(LenientUtf8.OfLeadByte(word[at]), word.Length - at) : 1;
            int symbol = plain ? symbols.Find(word.Slice(at, length)) : symbolOfByte[word[at]];
            links[count] = new(count - 1, count + 1, at, length, symbol);
            at += length;
        }

        links[count - 1].Next = -1;
        return count;
    }

    private void Offer(Span<EncodingSession.Link> links, int left, int right, MergeHeap heap)
    {
        if ((links[left].Symbol | links[right].Symbol) < 0)
            return;
        int rank = merges.Rank(links[left].Symbol, links[right].Symbol, out int result);
        if (rank == int.MaxValue)
            return;
        int length = links[left].Length + links[right].Length;
        heap.Push(new MergeCandidate(((ulong)(uint)rank << 32) | (uint)left, left, right, length, result));
    }

    // A symbol that is no token falls apart: a plain one into byte tokens; a byte-level one into letters, of which, as in
    // llama.cpp, only those of one UTF-8 byte are looked up. What is no token either is dropped.
    private void AddSymbol(ReadOnlySpan<byte> text, int symbol, List<int> ids)
    {
        if ((uint)symbol < (uint)vocabularySize)
        {
            ids.Add(symbol);
            return;
        }

        foreach (byte value in text)
        {
            int id = symbolOfByte[value];
            if ((uint)id < (uint)vocabularySize && (plain || value is >= 0x21 and <= 0x7E))
                ids.Add(id);
        }
    }
}
