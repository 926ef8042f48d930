using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Harness.Text.HuggingFace;
using Harness.Text.Vocabulary;

namespace Harness.Text;

/// <summary>
/// The tokenizer of a HuggingFace <c>tokenizer.json</c>, as its library runs it: normalizer, added tokens, pre-tokenizer,
/// model, post-processor, decoder. Safe to use from several threads at once.
/// </summary>
public sealed class HuggingFaceTokenizer : ITextTokenizer
{
    private readonly Normalizer? normalizer;
    private readonly List<PieceSplitter> splitters = [];
    private readonly TokenModel model;
    private readonly TokenDecoder? decoder;
    private readonly PromptTemplate template;
    private readonly AddedTokens raw;
    private readonly AddedTokens normalized;
    private readonly Dictionary<int, AddedToken> added = [];
    private Work? spare;

    private HuggingFaceTokenizer(JsonPlace json)
    {
        model = TokenModel.Read(json.Get("model"));
        VocabularySize = model.Vocabulary.Size;
        if (json.TryGet("normalizer", out JsonPlace steps))
            normalizer = Normalizer.Read(steps);
        if (json.TryGet("pre_tokenizer", out steps))
            PieceSplitter.Read(steps, splitters);
        if (json.TryGet("decoder", out steps))
            decoder = TokenDecoder.Read(steps);
        AddedToken[] tokens = json.TryGet("added_tokens", out JsonPlace list) ? [.. list.Items().Select(ReadAdded)] : [];
        raw = new AddedTokens(tokens.Where(t => !t.Normalized).Select(t => (t, t.Content)));
        normalized = new AddedTokens(tokens.Where(t => t.Normalized).Select(t => (t, Normalize(t.Content))));
        template = json.TryGet("post_processor", out steps) ? PromptTemplate.Read(steps, Find) : PromptTemplate.None;
    }

    /// <inheritdoc/>
    public int VocabularySize { get; private set; }

    internal Normalizer? NormalizerStep => normalizer;

    internal IReadOnlyList<PieceSplitter> Splitters => splitters;

    internal TokenModel Model => model;

    internal PromptTemplate Template => template;

    internal IReadOnlyDictionary<int, AddedToken> Added => added;

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="TokenizerException">It is no JSON, contradicts itself, or asks for something unknown; says where.</exception>
    public static HuggingFaceTokenizer Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return new HuggingFaceTokenizer(new JsonPlace(document.RootElement, string.Empty));
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"The tokenizer.json is no JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException($"The tokenizer.json holds text that is no Unicode: {e.Message}", e);
        }
    }

    /// <summary>Encodes text; adds neither BOS nor EOS.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">Whether special tokens are looked for; other added tokens always are.</param>
    /// <returns>The ids.</returns>
    public int[] Encode(string text, bool parseSpecial = false)
    {
        var ids = new List<int>();
        Encode(Encoding.UTF8.GetBytes(text), parseSpecial, ids);
        return [.. ids];
    }

    /// <summary>Encodes a prompt, with the tokens the post-processor puts around it.</summary>
    /// <param name="text">The prompt.</param>
    /// <param name="parseSpecial">Whether special tokens are looked for.</param>
    /// <returns>The ids.</returns>
    public int[] EncodePrompt(string text, bool parseSpecial = true) =>
        [.. template.Before, .. Encode(text, parseSpecial), .. template.After];

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<byte> utf8, bool parseSpecial, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        Work work = Interlocked.Exchange(ref spare, null) ?? new Work();
        work.Session.Expect(utf8.Length);
        var text = new List<int>(utf8.Length);
        CodePoints.Add(utf8, text);
        work.RawParts.Clear();
        raw.Split(text, parseSpecial, work.RawParts);
        foreach ((int start, int end, int id) in work.RawParts)
        {
            if (id >= 0)
                ids.Add(id);
            else
                EncodePart(start == 0 && end == text.Count ? text : text.GetRange(start, end - start), start == 0, parseSpecial, work, ids);
        }

        work.Session.Trim();
        spare = work;
    }

    /// <summary>Decodes ids.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="special">Whether special tokens give their text.</param>
    /// <returns>The text.</returns>
    public string Decode(IEnumerable<int> ids, bool special = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var tokens = new List<string>();
        foreach (int id in ids)
        {
            if (added.TryGetValue(id, out AddedToken? token))
            {
                if (special || !token.Special)
                    tokens.Add(token.Content);
            }
            else if (model.Vocabulary.TextOf(id) is { } text)
            {
                tokens.Add(text);
            }
        }

        return decoder is null ? string.Join(' ', tokens) : string.Concat(decoder.Decode(tokens));
    }

    /// <summary>
    /// Says this tokenizer in the words of GGUF, so that a converted model gives the same ids: kind, tokens, types, scores,
    /// merges, and the name of its pre-tokenizer, recognised by its steps.
    /// </summary>
    /// <param name="names">What the <c>tokenizer_config.json</c> says; null where there is none.</param>
    /// <returns>The data; <see cref="TokenizerData.ToGguf"/> makes metadata of it.</returns>
    /// <exception cref="UnsupportedTokenizerException">A step, named, that no GGUF tokenizer has.</exception>
    public TokenizerData ToTokenizerData(SpecialTokenNames? names = null) =>
        new GgufConversion(this, names ?? new SpecialTokenNames()).Convert();

    /// <summary>The text of a token as the vocabulary writes it, or null where an id has none.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The text.</returns>
    public string? TokenText(int id) => added.TryGetValue(id, out AddedToken? token) ? token.Content : model.Vocabulary.TextOf(id);

    internal int Find(string text)
    {
        foreach (AddedToken token in added.Values)
        {
            if (token.Content == text)
                return token.Id;
        }

        return model.Vocabulary.Find(text);
    }

    private AddedToken ReadAdded(JsonPlace json)
    {
        AddedToken token = AddedToken.Read(json);
        if (token.Id >= 1 << 24)
            throw json.Error($"the id {token.Id.ToString(CultureInfo.InvariantCulture)} is out of bounds");
        added[token.Id] = token;
        VocabularySize = Math.Max(VocabularySize, token.Id + 1);
        return token;
    }

    private string Normalize(string text) =>
        normalizer is null ? text : CodePoints.Text(normalizer.Normalize([.. CodePoints.Of(text)]));

    private void EncodePart(List<int> text, bool atStart, bool parseSpecial, Work work, List<int> ids)
    {
        text = normalizer?.Normalize(text) ?? text;
        work.Parts.Clear();
        normalized.Split(text, parseSpecial, work.Parts);
        foreach ((int start, int end, int id) in work.Parts)
        {
            if (id >= 0)
                ids.Add(id);
            else
                EncodePieces(start == 0 && end == text.Count ? text : text.GetRange(start, end - start), atStart && start == 0, work, ids);
        }
    }

    private void EncodePieces(List<int> text, bool atStart, Work work, List<int> ids)
    {
        Pieces from = work.From;
        Pieces to = work.To;
        from.Set(text, atStart);
        foreach (PieceSplitter splitter in splitters)
        {
            to.Clear(from.AtStart);
            splitter.Split(from, to);
            (from, to) = (to, from);
        }

        WordCache? cache = work.Session.Cache;
        for (int i = 0; i < from.Ends.Count; i++)
        {
            ReadOnlySpan<byte> piece = CodePoints.Utf8(from[i], ref work.Utf8);
            int slot = -1;
            if (cache is not null && cache.TryGet(piece, out slot, out ReadOnlySpan<int> known))
            {
                ids.AddRange(known);
                continue;
            }

            int before = ids.Count;
            model.Encode(piece, work.Session, ids);
            cache?.Store(slot, piece, CollectionsMarshal.AsSpan(ids)[before..]);
        }

        work.Forget();
    }

    // What one call works in.
    private sealed class Work
    {
        public byte[] Utf8 = [];

        public EncodingSession Session { get; } = new();

        public Pieces From { get; private set; } = new();

        public Pieces To { get; private set; } = new();

        public List<(int Start, int End, int Id)> RawParts { get; } = [];

        public List<(int Start, int End, int Id)> Parts { get; } = [];

        // A long text's lists are not kept.
        public void Forget()
        {
            const int Keep = 1 << 16;
            if (From.Text.Capacity > Keep || To.Text.Capacity > Keep)
                (From, To) = (new Pieces(), new Pieces());
            if (Utf8.Length > Keep)
                Utf8 = [];
        }
    }
}
