using System.Buffers;
using System.Globalization;
using System.Text;
using Harness.Text.BytePair;
using Harness.Text.Hashed;
using Harness.Text.Plamo;
using Harness.Text.PreTokenization;
using Harness.Text.Rwkv;
using Harness.Text.SentencePiece;
using Harness.Text.Unigram;
using Harness.Text.Vocabulary;
using Harness.Text.WordPiece;

namespace Harness.Text;

/// <summary>
/// Turns text into token ids and back, as llama.cpp does: its ids are the reference. Safe to use from several
/// threads at once.
/// </summary>
public sealed class Tokenizer : ITextTokenizer
{
    private readonly TokenizerData data;
    private readonly TextEncoder encoder;
    private readonly SpecialTokens special;
    private readonly Lazy<SpecialTokenPartition> allSpecial;
    private readonly Lazy<SpecialTokenPartition> userDefined;
    private readonly PromptFrame frame;
    private EncodingSession? spare;

    private Tokenizer(TokenizerData data)
    {
        this.data = data;
        var defaults = VocabularyDefaults.Of(data.Model);
        if (data.Tokens.Count == 0)
            throw new TokenizerException("The vocabulary (tokenizer.ggml.tokens) is empty: convert the model again.");
        frame = defaults.Frame;
        PreTokenizer? preTokenizer = data.Model switch
        {
            "gpt2" or "hybriddna" or "whitespace" => PreTokenizers.Create(data.Pre),
            "gemma4" => PreTokenizers.Create("gemma4"),
            _ => null,
        };
        BosId = InVocabulary(data.BosId, preTokenizer is { HasNoDefaultBos: true } ? null : defaults.Bos);
        EosId = InVocabulary(data.EosId, defaults.Eos);
        UnknownId = InVocabulary(data.UnkId, defaults.Unknown);
        SeparatorId = InVocabulary(data.SepId, defaults.Separator);
        PaddingId = InVocabulary(data.PadId, defaults.Padding);
        MaskId = InVocabulary(data.MaskId, defaults.Mask);
        AddsSpacePrefix = preTokenizer is null && (data.AddSpacePrefix ?? defaults.AddsSpacePrefix);
        AddsBos = frame == PromptFrame.Always || preTokenizer is { RequiresBos: true }
            || (frame == PromptFrame.ByFlags && (data.AddBos ?? preTokenizer?.AddsBos ?? defaults.AddsBos));
        AddsEos = frame == PromptFrame.ByFlags && (data.AddEos ?? defaults.AddsEos);
        Require(AddsBos, BosId, "tokenizer.ggml.add_bos_token is true", "bos_token_id");
        Require(AddsEos, EosId, "tokenizer.ggml.add_eos_token is true", "eos_token_id");
        Require(frame == PromptFrame.Always, SeparatorId, $"Prompts of a '{data.Model}' tokenizer end with a separator", "seperator_token_id");
        special = new SpecialTokens(data, EosId);
        encoder = CreateEncoder(preTokenizer);
        allSpecial = new(() => new SpecialTokenPartition(data.Tokens, special.Attributes, withControl: true));
        userDefined = new(() => new SpecialTokenPartition(data.Tokens, special.Attributes, withControl: false));
    }

    /// <summary>How many tokens there are; ids go from 0 to this − 1.</summary>
    public int VocabularySize => data.Tokens.Count;

    /// <summary>What the tokenizer was built from.</summary>
    public TokenizerData Data => data;

    /// <summary>Begin of sequence, or null.</summary>
    public int? BosId { get; }

    /// <summary>End of sequence, or null.</summary>
    public int? EosId { get; }

    /// <summary>What stands for unknown text, or null.</summary>
    public int? UnknownId { get; }

    /// <summary>What ends a prompt of WordPiece, and parts its sentences, or null.</summary>
    public int? SeparatorId { get; }

    /// <summary>Padding, or null.</summary>
    public int? PaddingId { get; }

    /// <summary>Mask, or null.</summary>
    public int? MaskId { get; }

    /// <summary>Whether a prompt begins with BOS.</summary>
    public bool AddsBos { get; }

    /// <summary>Whether a prompt ends with EOS.</summary>
    public bool AddsEos { get; }

    /// <summary>Whether text at the start gets a space in front, which decoding takes away again.</summary>
    public bool AddsSpacePrefix { get; }

    /// <summary>The ids that end generation: end of sequence, of turn, of message, and what plays their part.</summary>
    public IReadOnlySet<int> EndOfGenerationIds => special.EndOfGeneration;

    /// <summary>Builds a tokenizer.</summary>
    /// <param name="data">What the model says of it.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="UnsupportedTokenizerException">The model or pre-tokenizer name is not known.</exception>
    /// <exception cref="TokenizerException">The data contradicts itself.</exception>
    public static Tokenizer Create(TokenizerData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new Tokenizer(data);
    }

    /// <summary>Encodes text; adds neither BOS nor EOS.</summary>
    /// <param name="utf8">The text, UTF-8; what is invalid in it is encoded as U+FFFD or as bytes.</param>
    /// <param name="parseSpecial">Whether the text of control tokens becomes those tokens. User-defined tokens always do.</param>
    /// <returns>The ids.</returns>
    public int[] Encode(ReadOnlySpan<byte> utf8, bool parseSpecial = false)
    {
        var ids = new List<int>((utf8.Length / 3) + 4);
        Encode(utf8, parseSpecial, ids);
        return [.. ids];
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{byte}, bool)"/>
    /// <param name="text">The text; a surrogate without its pair is encoded as U+FFFD.</param>
    /// <param name="parseSpecial">Whether the text of control tokens becomes those tokens.</param>
    public int[] Encode(string text, bool parseSpecial = false) => Encode(Encoding.UTF8.GetBytes(text), parseSpecial);

    /// <summary>Encodes text onto the end of a list; adds neither BOS nor EOS.</summary>
    /// <param name="utf8">The text, UTF-8.</param>
    /// <param name="parseSpecial">Whether the text of control tokens becomes those tokens.</param>
    /// <param name="ids">Receives the ids.</param>
    public void Encode(ReadOnlySpan<byte> utf8, bool parseSpecial, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        EncodingSession session = Interlocked.Exchange(ref spare, null) ?? new EncodingSession();
        session.Expect(utf8.Length);
        bool afterSpecial = true;
        foreach (Fragment fragment in (parseSpecial ? allSpecial : userDefined).Value.Split(utf8))
        {
            if (fragment.Token >= 0)
                ids.Add(fragment.Token);
            else
                encoder.Encode(utf8.Slice(fragment.Start, fragment.Length), afterSpecial, session, ids);
            afterSpecial = fragment.Token >= 0;
        }

        session.Trim();
        spare = session;
    }

    /// <summary>Encodes a prompt: adds BOS and EOS where the model asks for them and the text does not have them.</summary>
    /// <param name="utf8">The prompt, UTF-8.</param>
    /// <param name="addSpecial">Whether to add BOS and EOS at all.</param>
    /// <param name="parseSpecial">Whether the text of control tokens becomes those tokens.</param>
    /// <returns>The ids. Unlike llama.cpp, which warns, a prompt that already begins with BOS gets no second one.</returns>
    public int[] EncodePrompt(ReadOnlySpan<byte> utf8, bool addSpecial = true, bool parseSpecial = true)
    {
        var ids = new List<int>((utf8.Length / 3) + 4);
        Encode(utf8, parseSpecial, ids);
        if (addSpecial && AddsBos && (ids.Count == 0 || ids[0] != BosId))
            ids.Insert(0, BosId!.Value);
        int? end = frame == PromptFrame.Always ? SeparatorId : AddsEos ? EosId : null;
        if (addSpecial && end is not null && (ids.Count == 0 || ids[^1] != end))
            ids.Add(end.Value);
        return [.. ids];
    }

    /// <inheritdoc cref="EncodePrompt(ReadOnlySpan{byte}, bool, bool)"/>
    /// <param name="text">The prompt.</param>
    /// <param name="addSpecial">Whether to add BOS and EOS at all.</param>
    /// <param name="parseSpecial">Whether the text of control tokens becomes those tokens.</param>
    public int[] EncodePrompt(string text, bool addSpecial = true, bool parseSpecial = true) =>
        EncodePrompt(Encoding.UTF8.GetBytes(text), addSpecial, parseSpecial);

    /// <summary>
    /// Whether a prompt brings the BOS that is added to it anyway: llama.cpp would then begin with two, and the model see
    /// what it never saw in training.
    /// </summary>
    /// <param name="utf8">The prompt, UTF-8, as a chat template renders it.</param>
    /// <returns>Whether BOS would be there twice.</returns>
    public bool DoublesBos(ReadOnlySpan<byte> utf8)
    {
        if (!AddsBos)
            return false;
        int first = allSpecial.Value.First(utf8);
        return first >= 0 && first == BosId;
    }

    /// <summary>The bytes a token adds to a text: possibly a part of a code point.</summary>
    /// <param name="id">From 0 to <see cref="VocabularySize"/> − 1.</param>
    /// <param name="special">Whether control and unknown tokens give their text; otherwise they give nothing.</param>
    /// <returns>The bytes; a space in front is kept.</returns>
    public byte[] TokenBytes(int id, bool special = false)
    {
        if ((uint)id >= (uint)VocabularySize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(id), id, $"Token ids go from 0 to {(VocabularySize - 1).ToString(CultureInfo.InvariantCulture)}.");
        }

        TokenAttributes attributes = this.special.Attributes[id];
        bool isHidden = (attributes & (TokenAttributes.Control | TokenAttributes.Unknown)) != 0;
        if (isHidden && !special)
            return [];
        ReadOnlySpan<byte> text = TextOrPlaceholder(data.Tokens[id].Span, id);
        if (data.Model is "rwkv" or "plamo2" or "test")
        {
            return data.Model == "plamo2" && (attributes & TokenAttributes.Byte) != 0 && IsByte(text, out byte own)
                ? [own]
                : encoder.Piece(id, text);
        }

        if (isHidden || (attributes & TokenAttributes.UserDefined) != 0)
            return text.ToArray();
        if ((attributes & TokenAttributes.Normal) != 0)
            return encoder.Piece(id, text);
        return (attributes & TokenAttributes.Byte) != 0 && IsByte(text, out byte value) ? [value] : [];
    }

    /// <summary>A token's text as the vocabulary writes it: byte letters, U+2581 and all.</summary>
    /// <param name="id">From 0 to <see cref="VocabularySize"/> − 1.</param>
    /// <returns>The text.</returns>
    public string TokenText(int id) => Encoding.UTF8.GetString(TextOrPlaceholder(data.Tokens[id].Span, id));

    /// <summary>What a token is, after the corrections the well-known special tokens get.</summary>
    /// <param name="id">From 0 to <see cref="VocabularySize"/> − 1.</param>
    /// <returns>The type; a token that is control and something else is control.</returns>
    public TokenType TypeOf(int id) => special.Attributes[id] switch
    {
        var a when (a & TokenAttributes.Control) != 0 => TokenType.Control,
        var a when (a & TokenAttributes.UserDefined) != 0 => TokenType.UserDefined,
        var a when (a & TokenAttributes.Unknown) != 0 => TokenType.Unknown,
        var a when (a & TokenAttributes.Byte) != 0 => TokenType.Byte,
        var a when (a & TokenAttributes.Normal) != 0 => TokenType.Normal,
        var a when (a & TokenAttributes.Unused) != 0 => TokenType.Unused,
        _ => TokenType.Undefined,
    };

    /// <summary>Decodes ids: the inverse of <see cref="Encode(ReadOnlySpan{byte}, bool)"/> for text without special tokens.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="special">Whether control and unknown tokens give their text.</param>
    /// <returns>The bytes; valid UTF-8 if the ids are of whole text. The space that encoding put in front is taken away.</returns>
    public byte[] Decode(IEnumerable<int> ids, bool special = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new ArrayBufferWriter<byte>();
        bool atStart = AddsSpacePrefix;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> piece = TokenBytes(id, special);
            if (piece.IsEmpty)
                continue;
            bytes.Write(atStart && piece[0] == ' ' ? piece[1..] : piece);
            atStart = false;
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Begins to decode ids one by one.</summary>
    /// <param name="atStart">
    /// Whether a text begins here, so that the space encoding puts in front is taken away; false where ids go on from a
    /// prompt.
    /// </param>
    /// <param name="special">Whether control and unknown tokens give their text.</param>
    /// <returns>The detokenizer.</returns>
    public Detokenizer CreateDetokenizer(bool atStart = false, bool special = false) =>
        new(this, atStart && AddsSpacePrefix, special);

    internal static TokenizerException DuplicateToken(int first, int second, ReadOnlySpan<byte> text) =>
        new(string.Create(
            CultureInfo.InvariantCulture,
            $"The vocabulary (tokenizer.ggml.tokens) has '{Encoding.UTF8.GetString(text)}' twice, as {first} and as {second}."));

    internal static ReadOnlySpan<byte> TextOrPlaceholder(ReadOnlySpan<byte> text, int id) =>
        text.IsEmpty ? Encoding.ASCII.GetBytes($"[EMPTY_{id.ToString(CultureInfo.InvariantCulture)}]") : text;

    internal static bool IsByte(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        return text.Length >= 5
            && byte.TryParse(text.Slice(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);
    }

    private TextEncoder CreateEncoder(PreTokenizer? preTokenizer) => data.Model switch
    {
        "llama" => new SentencePieceEncoder(data, AddsSpacePrefix, UnknownId),
        "bert" => new WordPieceEncoder(data, UnknownId),
        "t5" => new UnigramEncoder(data, AddsSpacePrefix, UnknownId, special.Attributes),
        "rwkv" => new RwkvEncoder(data, UnknownId),
        "plamo2" => new PlamoEncoder(data),
        "test" => new HashedEncoder(data.Tokens.Count),
        "hybriddna" => new DnaEncoder(new BytePairEncoder(data, preTokenizer!), data),
        "whitespace" => new WhitespaceEncoder(new BytePairEncoder(data, preTokenizer!), data.Lowercases ?? data.Pre != "whitespace"),
        _ => new BytePairEncoder(data, preTokenizer!),
    };

    private static void Require(bool isNeeded, int? id, string why, string key)
    {
        if (isNeeded && id is null)
            throw new TokenizerException($"{why} but there is no tokenizer.ggml.{key}.");
    }

    private int? InVocabulary(int? id, int? byDefault)
    {
        byDefault = byDefault < data.Tokens.Count ? byDefault : null;
        return id >= 0 && id < data.Tokens.Count ? id : byDefault;
    }
}
