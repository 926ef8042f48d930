namespace Harness.Text.Vocabulary;

/// <summary>How a prompt is framed when special tokens are asked for.</summary>
internal enum PromptFrame
{
    /// <summary>BOS and EOS, as the flags say.</summary>
    ByFlags,

    /// <summary>BOS (CLS) in front and SEP behind, whatever the flags say.</summary>
    Always,

    /// <summary>Nothing.</summary>
    Bare,
}

/// <summary>What a kind of vocabulary assumes where the metadata says nothing: the defaults of llama.cpp v0.5.0.</summary>
internal sealed record VocabularyDefaults
{
    private static readonly Dictionary<string, VocabularyDefaults> ByModel = new(StringComparer.Ordinal)
    {
        ["llama"] = new() { Bos = 1, Eos = 2, Unknown = 0, AddsBos = true, AddsSpacePrefix = true },
        ["gpt2"] = new() { Bos = 11, Eos = 11 },
        ["hybriddna"] = new() { Bos = 11, Eos = 11 },
        ["whitespace"] = new() { Bos = 11, Eos = 11 },
        ["gemma4"] = new() { AddsBos = true },
        ["bert"] = new() { Bos = 101, Unknown = 100, Separator = 102, Padding = 0, Mask = 103, AddsBos = true, Frame = PromptFrame.Always },
        ["t5"] = new() { Eos = 1, Unknown = 2, Padding = 0, AddsEos = true },
        ["rwkv"] = new() { Frame = PromptFrame.Bare },
        ["test"] = new() { Frame = PromptFrame.Bare },
        ["plamo2"] = new() { Bos = 1, Eos = 2, Unknown = 0, Padding = 3, Frame = PromptFrame.Bare },
    };

    /// <summary>The kinds known: values of <c>tokenizer.ggml.model</c>.</summary>
    public static IReadOnlyCollection<string> Models => ByModel.Keys;

    /// <summary>Begin of sequence.</summary>
    public int? Bos { get; init; }

    /// <summary>End of sequence.</summary>
    public int? Eos { get; init; }

    /// <summary>Unknown text.</summary>
    public int? Unknown { get; init; }

    /// <summary>Separator.</summary>
    public int? Separator { get; init; }

    /// <summary>Padding.</summary>
    public int? Padding { get; init; }

    /// <summary>Mask.</summary>
    public int? Mask { get; init; }

    /// <summary>Whether a prompt begins with BOS.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Whether a prompt ends with EOS.</summary>
    public bool AddsEos { get; init; }

    /// <summary>Whether text at the start gets a space in front.</summary>
    public bool AddsSpacePrefix { get; init; }

    /// <summary>How a prompt is framed.</summary>
    public PromptFrame Frame { get; init; }

    /// <summary>The defaults of a kind.</summary>
    /// <param name="model">The value of <c>tokenizer.ggml.model</c>.</param>
    /// <exception cref="UnsupportedTokenizerException">There is no such kind.</exception>
    public static VocabularyDefaults Of(string model) =>
        ByModel.TryGetValue(model, out VocabularyDefaults? defaults)
            ? defaults
            : throw new UnsupportedTokenizerException("tokenizer.ggml.model", model, [.. Models]);
}
