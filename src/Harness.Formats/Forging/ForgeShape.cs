namespace Harness.Formats.Forging;

/// <summary>The lengths and choices that decide which tensors a model has and of what size.</summary>
public sealed record ForgeShape
{
    /// <summary>The name that goes into <c>general.name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The architecture as GGUF names it: one of <see cref="ProbeForge.Architectures"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of decoder blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Length of the residual stream.</summary>
    public required int Embedding { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Length of one head's query and key; <see cref="Heads"/> times it need not be <see cref="Embedding"/>.</summary>
    public required int HeadDimension { get; init; }

    /// <summary>Length of one head's value; null when it is that of the key.</summary>
    public int? ValueDimension { get; init; }

    /// <summary>Length of the feed-forward's inner vector.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Number of tokens.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The longest context, in tokens, the model claims.</summary>
    public required int Context { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required float RopeBase { get; init; }

    /// <summary>ε of the norms.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>The kind of the norms.</summary>
    public ForgeNorm Norm { get; init; }

    /// <summary>Whether the output head is the token embedding.</summary>
    public required bool TiedOutput { get; init; }

    /// <summary>Linear scaling of positions: they are divided by it. Null for none.</summary>
    public float? RopeLinearFactor { get; init; }

    /// <summary>Whether there is a <c>rope_freqs.weight</c>.</summary>
    public bool RopeFactors { get; init; }

    /// <summary>
    /// What the architecture multiplies the token embedding by. The forged embedding is smaller by as much, and where it
    /// is the output head too, the output norm larger: else every logit would say which token went in and nothing more.
    /// </summary>
    internal int EmbeddingScale { get; init; } = 1;

    /// <summary>The experts; null for none.</summary>
    public ForgeExperts? Experts { get; init; }

    /// <summary>Positions that a layer with a window sees; null for the recipe's own.</summary>
    public int? Window { get; init; }

    /// <summary>The widths of latent attention; null for the recipe's own.</summary>
    public ForgeLatent? Latent { get; init; }

    /// <summary>The heads of Mamba-2; null for the recipe's own.</summary>
    public ForgeStateHeads? StateHeads { get; init; }

    /// <summary>Of a model whose layers are not alike, those with attention; null for the recipe's own.</summary>
    public IReadOnlyList<int>? AttentionLayers { get; init; }

    /// <summary>The tokenizer's kind.</summary>
    public required ForgedTokenizer Tokenizer { get; init; }
}

/// <summary>The widths of latent attention.</summary>
/// <param name="QueryRank">Width of the queries' latent vector; 0 for none.</param>
/// <param name="Rank">Width of the latent vector of keys and values.</param>
/// <param name="Plain">Width of the part of a head's key that is not rotated.</param>
/// <param name="Rotated">Width of the part that is.</param>
/// <param name="Value">Width of a head's value.</param>
public sealed record ForgeLatent(int QueryRank, int Rank, int Plain, int Rotated, int Value);

/// <summary>The heads of Mamba-2.</summary>
/// <param name="Count">How many.</param>
/// <param name="Length">Width of one.</param>
/// <param name="Groups">Groups that share inputs.</param>
/// <param name="States">Length of a state.</param>
public sealed record ForgeStateHeads(int Count, int Length, int Groups, int States);

/// <summary>Which kind of norm a forged model has, and with which tensors.</summary>
public enum ForgeNorm
{
    /// <summary>Root mean square, with weights.</summary>
    Rms,

    /// <summary>LayerNorm with weights and biases.</summary>
    Layer,

    /// <summary>LayerNorm with weights alone.</summary>
    LayerWithoutBias,

    /// <summary>LayerNorm with neither: no tensors at all.</summary>
    LayerWithoutWeights,

    /// <summary>Root mean square without weights: no tensors at all.</summary>
    RmsWithoutWeights,
}

/// <summary>Which kind of tokenizer a forged model gets.</summary>
public enum ForgedTokenizer
{
    /// <summary>SentencePiece with byte fallback (<c>tokenizer.ggml.model</c> = <c>llama</c>).</summary>
    SentencePiece,

    /// <summary>Byte-level BPE, split as Qwen2 does (<c>tokenizer.ggml.pre</c> = <c>qwen2</c>).</summary>
    BpeQwen2,

    /// <summary>Byte-level BPE, split as Llama 3 does (<c>tokenizer.ggml.pre</c> = <c>llama-bpe</c>).</summary>
    BpeLlama,
}
