using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>Describes a forged model to a <see cref="GgufWriter"/>.</summary>
internal static class ForgeWriter
{
    /// <summary>A model of a shape.</summary>
    public static GgufWriter Describe(ForgeArchitecture architecture, ForgeShape shape, QuantizationMix mix, ulong seed, string? variant)
    {
        var vocabulary = ForgedVocabulary.Of(shape.Tokenizer, shape.Vocabulary);
        shape = shape with { Vocabulary = vocabulary.Count };
        var writer = new GgufWriter();
        SetShape(writer, shape);
        SetOrigin(writer, shape.Architecture, mix, seed);
        if (variant is not null)
            writer.Set("harness.forge.variant", GgufValue.Of(variant));
        foreach ((string key, GgufValue value) in vocabulary.Metadata)
            writer.Set(key, value);
        foreach (ForgeTensor tensor in architecture.Tensors(shape))
            Add(writer, tensor, mix.TypeOf(tensor.Name, tensor.Shape, shape.Layers, shape.TiedOutput), seed);
        return writer;
    }

    /// <summary>Says in the metadata that the weights are random, and how to make them again.</summary>
    public static void SetOrigin(GgufWriter writer, string architecture, QuantizationMix mix, ulong seed) => writer
        .Set("general.quantization_version", GgufValue.Of(2u))
        .Set("general.file_type", GgufValue.Of(mix.FileType))
        .Set("harness.origin", GgufValue.Of("forged"))
        .Set("harness.forge.version", GgufValue.Of((uint)ProbeForge.Version))
        .Set("harness.forge.seed", GgufValue.Of(seed))
        .Set("harness.forge.architecture", GgufValue.Of(architecture))
        .Set("harness.forge.quantization", GgufValue.Of(mix.Name));

    /// <summary>Adds a tensor of forged rows.</summary>
    public static void Add(GgufWriter writer, ForgeTensor tensor, uint type, ulong seed)
    {
        ulong key = ForgeRandom.KeyOf(seed, tensor.Name);

        // Made when the first row is asked for: a large model has hundreds of tensors, each with its tables.
        var rows = new Lazy<RowForge>(() => tensor.Rows(type));
        int rowBytes = TensorLayout.TryGet(type, out TensorLayoutInfo layout)
            ? checked((int)(tensor.Shape[0] / layout.BlockLength * layout.BlockBytes))
            : throw new NotSupportedException($"No layout of type {type.ToString(CultureInfo.InvariantCulture)}.");
        writer.AddTensor(tensor.Name, type, tensor.Shape.AsSpan(), (firstRow, destination) =>
        {
            RowForge forge = rows.Value;
            for (int start = 0; start < destination.Length; start += rowBytes, firstRow++)
            {
                var random = new ForgeRandom(key, firstRow);
                forge(ref random, destination.Slice(start, rowBytes));
            }
        });
    }

    private static void SetShape(GgufWriter writer, ForgeShape shape)
    {
        string a = shape.Architecture;
        writer
            .Set("general.architecture", GgufValue.Of(a))
            .Set("general.type", GgufValue.Of("model"))
            .Set("general.name", GgufValue.Of(shape.Name))
            .Set($"{a}.block_count", GgufValue.Of((uint)shape.Layers))
            .Set($"{a}.context_length", GgufValue.Of((uint)shape.Context))
            .Set($"{a}.embedding_length", GgufValue.Of((uint)shape.Embedding))
            .Set($"{a}.feed_forward_length", GgufValue.Of((uint)shape.FeedForward))
            .Set($"{a}.attention.head_count", GgufValue.Of((uint)shape.Heads))
            .Set($"{a}.attention.head_count_kv", GgufValue.Of((uint)shape.KvHeads))
            .Set($"{a}.attention.key_length", GgufValue.Of((uint)shape.HeadDimension))
            .Set($"{a}.attention.value_length", GgufValue.Of((uint)shape.HeadDimension))
            .Set($"{a}.attention.layer_norm_rms_epsilon", GgufValue.Of(shape.NormEpsilon))
            .Set($"{a}.rope.dimension_count", GgufValue.Of((uint)shape.HeadDimension))
            .Set($"{a}.rope.freq_base", GgufValue.Of(shape.RopeBase))
            .Set($"{a}.vocab_size", GgufValue.Of((uint)shape.Vocabulary));
        if (shape.RopeLinearFactor is float factor)
        {
            writer
                .Set($"{a}.rope.scaling.type", GgufValue.Of("linear"))
                .Set($"{a}.rope.scaling.factor", GgufValue.Of(factor));
        }
    }
}
