namespace Harness.Text;

/// <summary>
/// What a model says of its tokenizer, apart from any file format. Absent values are null and take the defaults of
/// the tokenizer's kind when a <see cref="Tokenizer"/> is created.
/// </summary>
public sealed partial record TokenizerData
{
    /// <summary>
    /// The kind: <c>gpt2</c> (byte-level BPE), <c>llama</c> (SentencePiece BPE with byte fallback), <c>t5</c> (unigram),
    /// <c>bert</c> (WordPiece), <c>rwkv</c>, <c>plamo2</c>, <c>gemma4</c>, <c>hybriddna</c>, <c>whitespace</c>,
    /// <c>test</c> (hashes).
    /// </summary>
    public required string Model { get; init; }

    /// <summary>The pre-tokenizer's name, as <c>llama-bpe</c> or <c>qwen2</c>; only for <c>gpt2</c>.</summary>
    public string? Pre { get; init; }

    /// <summary>The tokens' texts by id, UTF-8, in the notation of the kind (GPT-2's byte letters, or U+2581 for a space).</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Tokens { get; init; }

    /// <summary>Scores by id, or empty; for <c>llama</c>, the higher is merged first.</summary>
    public ReadOnlyMemory<float> Scores { get; init; }

    /// <summary>Types by id (<see cref="TokenType"/>), or empty: all normal.</summary>
    public ReadOnlyMemory<int> Types { get; init; }

    /// <summary>Merges in order of rank, each two texts with one space between; only for <c>gpt2</c>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Merges { get; init; } = [];

    /// <summary>Begin of sequence.</summary>
    public int? BosId { get; init; }

    /// <summary>End of sequence.</summary>
    public int? EosId { get; init; }

    /// <summary>End of turn.</summary>
    public int? EotId { get; init; }

    /// <summary>End of message.</summary>
    public int? EomId { get; init; }

    /// <summary>Unknown text.</summary>
    public int? UnkId { get; init; }

    /// <summary>Padding.</summary>
    public int? PadId { get; init; }

    /// <summary>Separator; ends the prompts of <c>bert</c>.</summary>
    public int? SepId { get; init; }

    /// <summary>Mask.</summary>
    public int? MaskId { get; init; }

    /// <summary>Fill-in-the-middle padding; ends generation.</summary>
    public int? FimPadId { get; init; }

    /// <summary>Fill-in-the-middle repository name; ends generation.</summary>
    public int? FimRepositoryId { get; init; }

    /// <summary>Fill-in-the-middle file separator; ends generation.</summary>
    public int? FimSeparatorId { get; init; }

    /// <summary>Whether a prompt begins with BOS.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a prompt ends with EOS.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether text at the start and after a special token gets a space in front (only for <c>llama</c>).</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>Whether runs of white space become one space (only for <c>t5</c>).</summary>
    public bool? RemoveExtraWhitespaces { get; init; }

    /// <summary>Replacements made before anything else, as SentencePiece compiles them; empty for none (only for <c>t5</c>).</summary>
    public ReadOnlyMemory<byte> PrecompiledCharacterMap { get; init; }

    /// <summary>Whether text becomes lower case (only for <c>bert</c> and <c>whitespace</c>).</summary>
    public bool? Lowercases { get; init; }

    /// <summary>Whether accents are taken off; by default where text becomes lower case (only for <c>bert</c>).</summary>
    public bool? StripsAccents { get; init; }

    /// <summary>Whether the space of a prefix goes behind the text; no GGUF key says so (only for <c>t5</c>).</summary>
    public bool WhitespaceIsSuffix { get; init; }

    /// <summary>Whether unknown text becomes byte tokens; no GGUF key says so (only for <c>t5</c>).</summary>
    public bool ByteFallback { get; init; }

    /// <summary>
    /// Whether text is normalized as the SentencePiece library does it, for <c>llama</c> too, which in a GGUF file never is.
    /// </summary>
    internal bool NormalizesAsSentencePiece { get; init; }

    /// <summary>The model's name, <c>general.name</c>: some special tokens take their stripping rules from it.</summary>
    public string? ModelName { get; init; }

    /// <summary>The architecture, <c>general.architecture</c>, for the same reason.</summary>
    public string? Architecture { get; init; }
}
