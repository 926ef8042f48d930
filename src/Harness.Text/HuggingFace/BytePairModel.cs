using System.Text;
using System.Text.Json;
using Harness.Text.BytePair;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>
/// Byte-pair encoding as HuggingFace's library does it, over the characters of a piece (which are byte letters where the
/// pre-tokenizer writes them): the pair of least rank is merged first, the leftmost among equals.
/// </summary>
internal sealed class BytePairModel : TokenModel
{
    private readonly MergeTable merges;
    private readonly byte[] prefix;
    private readonly byte[] suffix;
    private readonly int[]? tokenOfByte;
    private readonly int unknown;
    private readonly bool fusesUnknown;

    private BytePairModel(JsonPlace json, JsonVocabulary vocabulary)
        : base(vocabulary)
    {
        UnknownToken = json.Text("unk_token");
        unknown = UnknownId(json, vocabulary, UnknownToken);
        fusesUnknown = json.Flag("fuse_unk");
        IgnoresMerges = json.Flag("ignore_merges");
        ByteFallback = json.Flag("byte_fallback");
        Prefix = json.Text("continuing_subword_prefix") ?? string.Empty;
        Suffix = json.Text("end_of_word_suffix") ?? string.Empty;
        prefix = Encoding.UTF8.GetBytes(Prefix);
        suffix = Encoding.UTF8.GetBytes(Suffix);
        tokenOfByte = ByteFallback ? vocabulary.ByteTokens() : null;
        merges = ReadMerges(json.Get("merges"));
    }

    /// <summary>The merges in order of rank.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; private set; } = [];

    /// <summary>Whether a piece that is a token is taken whole.</summary>
    public bool IgnoresMerges { get; }

    /// <summary>Whether what is unknown becomes byte tokens.</summary>
    public bool ByteFallback { get; }

    /// <summary>What characters within a word begin with in the vocabulary.</summary>
    public string Prefix { get; }

    /// <summary>What the last character of a word ends with in the vocabulary.</summary>
    public string Suffix { get; }

    /// <summary>Reads the model.</summary>
    public static new BytePairModel Read(JsonPlace json) => new(json, JsonVocabulary.Read(json.Get("vocab")));

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> piece, EncodingSession session, List<int> ids)
    {
        int whole = IgnoresMerges ? Vocabulary.Find(piece) : -1;
        if (whole >= 0)
        {
            ids.Add(whole);
            return;
        }

        // A character may become four byte tokens: never more symbols than bytes.
        if (session.Links.Length < piece.Length)
            session.Links = new EncodingSession.Link[Math.Max(64, piece.Length)];
        Span<EncodingSession.Link> links = session.Links.AsSpan(0, piece.Length);
        links = links[..Fill(piece, links)];
        if (links.IsEmpty)
            return;
        links[^1].Next = -1;
        Merge(links, session.Heap);
        for (int i = 0; i >= 0; i = links[i].Next)
            ids.Add(links[i].Symbol);
    }

    private int Fill(ReadOnlySpan<byte> piece, Span<EncodingSession.Link> links)
    {
        int count = 0;
        int pending = 0;
        for (int at = 0; at < piece.Length;)
        {
            int length = Math.Min(LenientUtf8.OfLeadByte(piece[at]), piece.Length - at);
            ReadOnlySpan<byte> character = piece.Slice(at, length);
            int id = Find(character, at == 0, at + length == piece.Length);
            at += length;
            if (id >= 0)
            {
                if (pending > 0)
                    Add(links, ref count, unknown, pending);
                pending = 0;
                Add(links, ref count, id, length);
            }
            else if (tokenOfByte is not null && HasAll(character))
            {
                foreach (byte value in character)
                    Add(links, ref count, tokenOfByte[value], 1);
            }
            else if (unknown >= 0)
            {
                if (pending > 0 && !fusesUnknown)
                {
                    Add(links, ref count, unknown, pending);
                    pending = 0;
                }

                pending += length;
            }
        }

        if (pending > 0)
            Add(links, ref count, unknown, pending);
        return count;
    }

    private static void Add(Span<EncodingSession.Link> links, ref int count, int id, int length)
    {
        links[count] = new(count - 1, count + 1, 0, length, id);
        count++;
    }

    private int Find(ReadOnlySpan<byte> character, bool first, bool last)
    {
        if ((first || prefix.Length == 0) && (!last || suffix.Length == 0))
            return Vocabulary.Find(character);
        return Vocabulary.Find([.. first ? [] : prefix, .. character, .. last ? suffix : []]);
    }

    private bool HasAll(ReadOnlySpan<byte> character)
    {
        foreach (byte value in character)
        {
            if (tokenOfByte![value] < 0)
                return false;
        }

        return true;
    }

    private void Merge(Span<EncodingSession.Link> links, MergeHeap heap)
    {
        heap.Clear();
        for (int i = 0; i + 1 < links.Length; i++)
            Offer(links, i, i + 1, heap);
        while (heap.Count > 0)
        {
            MergeCandidate merge = heap.Pop();
            ref EncodingSession.Link left = ref links[merge.Left];
            if (left.Length == 0 || left.Next < 0)
                continue;
            ref EncodingSession.Link right = ref links[left.Next];
            if (merges.Rank(left.Symbol, right.Symbol, out int result) == int.MaxValue || result != merge.Result)
                continue;
            left.Length += right.Length;
            left.Symbol = result;
            right.Length = 0;
            left.Next = right.Next;
            if (left.Previous >= 0)
                Offer(links, left.Previous, merge.Left, heap);
            if (left.Next < 0)
                continue;
            links[left.Next].Previous = merge.Left;
            Offer(links, merge.Left, left.Next, heap);
        }
    }

    private void Offer(Span<EncodingSession.Link> links, int left, int right, MergeHeap heap)
    {
        int rank = merges.Rank(links[left].Symbol, links[right].Symbol, out int result);
        if (rank != int.MaxValue)
            heap.Push(new MergeCandidate(((ulong)(uint)rank << 32) | (uint)left, left, right, 0, result));
    }

    // Either "left right" or ["left", "right"].
    private MergeTable ReadMerges(JsonPlace json)
    {
        var pairs = new List<(string, string)>();
        int count = json.Element.ValueKind == JsonValueKind.Array ? json.Element.GetArrayLength() : 0;
        var table = new MergeTable(count);
        foreach (JsonPlace merge in json.Items())
        {
            (string left, string right) = ReadMerge(merge);
            int leftId = Part(merge, left);
            int rightId = Part(merge, right);
            string merged = left + (right.StartsWith(Prefix, StringComparison.Ordinal) ? right[Prefix.Length..] : right);
            table.Add(leftId, rightId, pairs.Count, Part(merge, merged), lastCounts: true);
            pairs.Add((left, right));
        }

        Merges = pairs;
        return table;
    }

    private static (string Left, string Right) ReadMerge(JsonPlace merge)
    {
        if (merge.Element.ValueKind == JsonValueKind.Array)
        {
            return merge.Element.GetArrayLength() == 2
                ? (new JsonPlace(merge.Element[0], merge.Path).AsText(), new JsonPlace(merge.Element[1], merge.Path).AsText())
                : throw merge.Error("this is no pair of tokens");
        }

        string text = merge.AsText();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && text.IndexOf(' ', space + 1) < 0
            ? (text[..space], text[(space + 1)..])
            : throw merge.Error($"'{text}' is no pair of tokens with one space between");
    }

    private int Part(JsonPlace merge, string text)
    {
        int id = Vocabulary.Find(text);
        return id >= 0 ? id : throw merge.Error($"the token '{text}' is not in the vocabulary");
    }
}
