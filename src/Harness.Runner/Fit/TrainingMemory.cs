using Harness.Formats.Gguf;

namespace Harness.Runner.Fit;

/// <summary>How a model is trained further.</summary>
public enum TrainingKind
{
    /// <summary>All weights, with Adam in mixed precision.</summary>
    Full,

    /// <summary>Adapters of low rank beside weights in 16 bits.</summary>
    LoRA,

    /// <summary>Adapters of low rank beside weights in 4 bits.</summary>
    QLoRA,
}

/// <summary>
/// What training takes, by formula; nothing here was measured. For one sequence at a time, activations recomputed layer by
/// layer, Adam.
/// <list type="bullet">
/// <item>Weight, gradient and Adam's states of a trained weight: 2 + 2 + 12 bytes (Rajbhandari et al., "ZeRO: Memory Optimizations
/// Toward Training Trillion Parameter Models", 2020, section 3.1).</item>
/// <item>A frozen weight: 2 bytes; in NF4 with constants quantized twice 4.127 bits (Dettmers et al., "QLoRA: Efficient Finetuning
/// of Quantized LLMs", 2023, sections 2 and 3), embeddings, head and norms staying at 2 bytes.</item>
/// <item>Adapters: rank × (inputs + outputs) of every matrix of a layer (Hu et al., "LoRA: Low-Rank Adaptation of Large Language
/// Models", 2021, section 4.1).</item>
/// <item>Activations: 2 s h bytes a layer are kept, and 34 s h + 5 a s² of the layer at work (Korthikanti et al., "Reducing Activation
/// Recomputation in Large Transformer Models", 2022, section 4); logits and their gradients take 8 s v.</item>
/// </list>
/// </summary>
/// <param name="Parameters">Weights.</param>
/// <param name="OutsideLayers">Of those, weights of embeddings, head and norms.</param>
/// <param name="AdapterLengths">Inputs and outputs of all matrices of all layers, summed.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Width">Width of the residual stream: h.</param>
/// <param name="Heads">Query heads of a layer: a.</param>
/// <param name="Vocabulary">Tokens of the vocabulary: v.</param>
public sealed record TrainingMemory(long Parameters, long OutsideLayers, long AdapterLengths, int Layers, int Width, int Heads, long Vocabulary)
{
    /// <summary>Tokens of a sequence: s.</summary>
    public const int Sequence = 2048;

    /// <summary>Rank of adapters.</summary>
    public const int Rank = 16;

    private const double TrainedBytes = 16, HalfBytes = 2, NormalFloatBits = 4.127;

    /// <summary>Reads the lengths of a model.</summary>
    /// <param name="headers">The headers of its files.</param>
    /// <returns>The lengths.</returns>
    public static TrainingMemory Of(IReadOnlyList<GgufHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];
        GgufTensor[] adapted = [.. tensors.Where(t => t.Name.StartsWith("blk.", StringComparison.Ordinal) && t.Shape.Length >= 2 && t.Shape[1] > 1 && t.Name.EndsWith(".weight", StringComparison.Ordinal))];
        GgufMetadata metadata = headers[0].Metadata;
        string a = metadata.TryGetString("general.architecture", out string? name) ? name : string.Empty;
        int layers = Number("block_count");
        int heads = layers > 0 && metadata.TryGetPerLayer<int>($"{a}.attention.head_count", layers, out ReadOnlyMemory<int> counts) ? counts.ToArray().Max() : 0;
        long all = tensors.Sum(t => t.ElementCount);
        return new TrainingMemory(
            all, all - adapted.Sum(t => t.ElementCount), adapted.Sum(t => (t.RowLength + t.Shape[1]) * (t.RowCount / t.Shape[1])), layers,
            Number("embedding_length"), heads, tensors.FirstOrDefault(t => t.Name == "token_embd.weight")?.RowCount ?? 0);

        int Number(string key) => metadata.TryGetNumber($"{a}.{key}", out int value) ? Math.Max(0, value) : 0;
    }

    /// <summary>What it takes.</summary>
    /// <param name="kind">How it is trained.</param>
    /// <returns>Bytes, estimated.</returns>
    public long Bytes(TrainingKind kind)
    {
        double adapters = TrainedBytes * Rank * AdapterLengths;
        double weights = kind switch
        {
            TrainingKind.Full => TrainedBytes * Parameters,
            TrainingKind.LoRA => (HalfBytes * Parameters) + adapters,
            _ => (NormalFloatBits / 8 * (Parameters - OutsideLayers)) + (HalfBytes * OutsideLayers) + adapters,
        };
        double kept = 2.0 * Sequence * Width * Layers, layer = (34.0 * Sequence * Width) + (5.0 * Heads * Sequence * Sequence);
        return (long)(weights + kept + layer + (8.0 * Sequence * Vocabulary));
    }
}
