using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Engine.Weights;

/// <summary>
/// Finds the tensors a blueprint needs in a file. Every name, shape and type is checked against the header before a
/// weight is read; a tensor nobody asked for means that the model computes something this engine does not, and is
/// refused too.
/// </summary>
internal sealed unsafe class WeightBinder
{
    private readonly GgufFile file;
    private readonly HashSet<string> bound = new(StringComparer.Ordinal);

    private WeightBinder(GgufFile file) => this.file = file;

    /// <summary>Binds all weights.</summary>
    /// <exception cref="ModelException">A tensor is missing, or has another shape than the metadata asks for.</exception>
    /// <exception cref="UnsupportedModelException">A tensor's type is unknown, or a tensor has no place in the blueprint.</exception>
    public static ModelWeights Bind(GgufFile file, Blueprint blueprint)
    {
        var binder = new WeightBinder(file);
        ModelWeights weights = binder.BindModel(blueprint);
        binder.RefuseUnbound(blueprint);
        return weights;
    }

    private ModelWeights BindModel(Blueprint blueprint)
    {
        int embedding = blueprint.EmbeddingLength;
        WeightMatrix tokens = Matrix("token_embd.weight", blueprint.VocabularySize, embedding);
        var layers = new LayerWeights[blueprint.Layers.Length];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = BindLayer(string.Create(CultureInfo.InvariantCulture, $"blk.{i}."), blueprint.Layers[i], embedding);

        RotaryBlueprint rotary = blueprint.Layers[0].Attention.Rotary;
        float* outputBias = blueprint.OutputBias ? Vector("output.bias", blueprint.VocabularySize) : null;
        return new ModelWeights
        {
            TokenEmbedding = tokens,
            OutputNorm = Vector("output_norm.weight", embedding),
            Output = new Projection(
                blueprint.TiedOutput ? tokens : Matrix("output.weight", blueprint.VocabularySize, embedding),
                Scale("output", heeded: true),
                outputBias,
                scaleAfterBias: false),
            RotaryFactors = rotary.FrequencyFactors ? Vector("rope_freqs.weight", rotary.Dimensions / 2) : null,
            Layers = layers,
        };
    }

    private LayerWeights BindLayer(string block, LayerBlueprint layer, int embedding)
    {
        AttentionBlueprint attention = layer.Attention;
        FeedForwardBlueprint feedForward = layer.FeedForward;
        Projection? Attention(bool wanted, string name, int rows, int columns, bool bias) =>
            wanted ? Project(block + name, rows, columns, bias, scaleAfterBias: false) : null;
        Projection FeedForward(string name, int rows, int columns) =>
            Project(block + name, rows, columns, feedForward.Bias, scaleAfterBias: true, feedForward.TensorScales);

        bool fused = attention.FusedQkv;
        int qkvWidth = attention.QueryWidth + attention.KeyWidth + attention.ValueWidth;
        return new LayerWeights
        {
            AttentionNorm = Vector(block + "attn_norm.weight", embedding),
            FusedQkv = Attention(fused, "attn_qkv", qkvWidth, embedding, attention.QkvBias),
            Query = Attention(!fused, "attn_q", attention.QueryWidth, embedding, attention.QkvBias),
            Key = Attention(!fused, "attn_k", attention.KeyWidth, embedding, attention.QkvBias),
            Value = Attention(!fused, "attn_v", attention.ValueWidth, embedding, attention.QkvBias),
            AttentionOutput = Attention(true, "attn_output", embedding, attention.OutputWidth, attention.OutputBias)!,
            FeedForwardNorm = Vector(block + "ffn_norm.weight", embedding),
            Gate = FeedForward("ffn_gate", feedForward.Length, embedding),
            Up = FeedForward("ffn_up", feedForward.Length, embedding),
            Down = FeedForward("ffn_down", embedding, feedForward.Length),
        };
    }

    private Projection Project(string name, int rows, int columns, bool bias, bool scaleAfterBias, bool tensorScale = true)
    {
        // A blueprint says that a block has biases; which of its projections have one, the file says.
        bool hasBias = bias && file.TryGetTensor(name + ".bias", out _);
        return new Projection(
            Matrix(name + ".weight", rows, columns),
            Scale(name, tensorScale),
            hasBias ? Vector(name + ".bias", rows) : null,
            scaleAfterBias);
    }

    private WeightMatrix Matrix(string name, int rows, int columns)
    {
        GgufTensor tensor = Find(name, [columns, rows]);
        if (tensor.Type is not { } type || !TensorFormats.TryGet(type, out TensorFormat? format))
            throw new UnsupportedModelException($"The built-in engine does not read the tensor type {tensor.TypeName} (tensor '{name}').");
        if (columns % format.BlockLength != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The tensor '{name}' has rows of {columns} values, no multiple of {type}'s blocks of {format.BlockLength}."));
        }

        return new WeightMatrix(name, format, rows, columns, file.GetPointer(tensor));
    }

    private float* Vector(string name, int length)
    {
        GgufTensor tensor = Find(name, [length]);
        if (tensor.Type != TensorType.F32)
            throw new UnsupportedModelException($"The tensor '{name}' is {tensor.TypeName}; the built-in engine reads norms, biases and factors as F32.");
        return (float*)file.GetPointer(tensor);
    }

    private float Scale(string name, bool heeded)
    {
        name += ".scale";
        if (!file.TryGetTensor(name, out _))
            return 1;
        float scale = *Vector(name, 1);
        return heeded ? scale : 1;
    }

    private GgufTensor Find(string name, ReadOnlySpan<long> expected)
    {
        if (!file.TryGetTensor(name, out GgufTensor? tensor))
            throw new ModelException($"The tensor '{name}' is missing; expected with the shape {Text(expected)}.");

        ReadOnlySpan<long> found = tensor.Shape.AsSpan();
        int significant = found.Length;
        while (significant > expected.Length && found[significant - 1] == 1)
            significant--;
        if (!found[..significant].SequenceEqual(expected))
            throw new ModelException($"The tensor '{name}' has the shape {Text(found)}; the metadata asks for {Text(expected)}.");

        _ = bound.Add(name);
        return tensor;
    }

    private void RefuseUnbound(Blueprint blueprint)
    {
        List<string> unbound =
        [
            .. file.Tensors.Select(t => t.Name).Where(name => !bound.Contains(name) && !IsWithoutEffect(name)),
        ];
        if (unbound.Count == 0)
            return;

        string more = unbound.Count > 3
            ? string.Create(CultureInfo.InvariantCulture, $" and {unbound.Count - 3} more")
            : string.Empty;
        throw new UnsupportedModelException(
            $"The file has tensors that '{blueprint.Architecture}' has no use for in the built-in engine: "
            + $"{string.Join(", ", unbound.Take(3))}{more}.");
    }

    // Scales of activations quantized to a low type, and frequencies that early converters stored, change nothing here.
    private static bool IsWithoutEffect(string name) =>
        name.EndsWith(".input_scale", StringComparison.Ordinal)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || name.EndsWith(".attn_rot_embd.weight", StringComparison.Ordinal);

    private static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
