using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>Describes a forged model to a <see cref="GgufWriter"/>.</summary>
internal static class ForgeWriter
{
    /// <summary>A model of a shape, with its tokenizer.</summary>
    public static GgufWriter Describe(ForgeArchitecture architecture, ForgeShape shape, Mixture mix, ulong seed, ForgeProbe? probe, ForgedChat? chat = null)
    {
        var vocabulary = ForgedVocabulary.Of(shape.Tokenizer, shape.Vocabulary);
        if (chat is not null) vocabulary = chat.On(ForgedVocabulary.Of(shape.Tokenizer, vocabulary.Count + chat.Room));
        return Describe(architecture, shape, mix, seed, probe, vocabulary);
    }

    /// <summary>A model of a shape without a tokenizer: all that decides its size.</summary>
    public static GgufWriter Describe(ForgeArchitecture architecture, ForgeShape shape, Mixture mix) =>
        Describe(architecture, shape, mix, 0, null, new ForgedVocabulary([], shape.Vocabulary));

    private static GgufWriter Describe(
        ForgeArchitecture architecture, ForgeShape shape, Mixture mix, ulong seed, ForgeProbe? probe, ForgedVocabulary vocabulary)
    {
        shape = shape with { Vocabulary = vocabulary.Count };

        // Which norms a model has, its architecture says.
        if (probe is null && shape.Norm == default)
            shape = shape with { Norm = architecture.Probes[0].Shape.Norm };
        var writer = new GgufWriter();
        ForgeKeys own = probe is null ? ShapeKeys.Of(shape) : probe.Keys ?? ForgeKeys.None;
        KeyValuePair<string, GgufValue>[] keys = [.. Keys(shape, architecture.Keys.Concat(own))];
        foreach ((string key, GgufValue value) in keys)
            writer.Set(key, value);
        SetOrigin(writer, shape.Architecture, mix, seed);
        if (probe is not null)
            writer.Set("harness.forge.variant", GgufValue.Of(probe.Variant));
        foreach ((string key, GgufValue value) in vocabulary.Metadata)
            writer.Set(key, value);
        ForgeTensor[] tensors = [.. (probe?.Tensors ?? architecture.Tensors)(shape)];
        if (probe is null)
            tensors = [.. tensors.Select(Plainly)];
        IReadOnlyDictionary<string, TensorType> types = mix.TypesOf(
            MixtureFacts.Of(new GgufMetadata(keys)), tensors.Select(t => (t.Name, (IReadOnlyList<long>)t.Shape)));
        foreach (ForgeTensor tensor in tensors)
            Add(writer, tensor, tensor.TypeIn(types), seed);
        return writer;
    }

    // A true shape has true types: the type that lets a probe's embedding tell the classes of tokens is another.
    private static ForgeTensor Plainly(ForgeTensor tensor) =>
        tensor.Values == ForgeValues.TokenClasses ? tensor with { Values = ForgeValues.Absolute } : tensor;

    /// <summary>Says in the metadata that the weights are random, and how to make them again.</summary>
    public static void SetOrigin(GgufWriter writer, string architecture, Mixture mix, ulong seed) => writer
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
                Span<byte> row = destination.Slice(start, rowBytes);
                forge(ref random, row);
                tensor.Finish(firstRow, row);
            }
        });
    }

    private static IEnumerable<KeyValuePair<string, GgufValue>> Keys(ForgeShape shape, IEnumerable<KeyValuePair<string, GgufValue?>> more)
    {
        var replacing = new Dictionary<string, GgufValue?>(StringComparer.Ordinal);
        foreach ((string key, GgufValue? value) in more)
            replacing[ForgeKeys.Prefixed(shape.Architecture, key)] = value;

        // What replaces a key of the shape takes its place; the others follow.
        foreach ((string key, GgufValue value) in KeysOf(shape))
        {
            if (!replacing.Remove(key, out GgufValue? other))
                yield return new(key, value);
            else if (other is not null)
                yield return new(key, other);
        }

        foreach ((string key, GgufValue? value) in replacing)
        {
            if (value is not null)
                yield return new(key, value);
        }
    }

    private static IEnumerable<KeyValuePair<string, GgufValue>> KeysOf(ForgeShape shape)
    {
        string a = shape.Architecture;
        yield return new("general.architecture", GgufValue.Of(a));
        yield return new("general.type", GgufValue.Of("model"));
        yield return new("general.name", GgufValue.Of(shape.Name));
        yield return new($"{a}.block_count", GgufValue.Of((uint)shape.Layers));
        yield return new($"{a}.context_length", GgufValue.Of((uint)shape.Context));
        yield return new($"{a}.embedding_length", GgufValue.Of((uint)shape.Embedding));
        yield return new($"{a}.feed_forward_length", GgufValue.Of((uint)shape.FeedForward));
        yield return new($"{a}.attention.head_count", GgufValue.Of((uint)shape.Heads));
        yield return new($"{a}.attention.head_count_kv", GgufValue.Of((uint)shape.KvHeads));
        yield return new($"{a}.attention.key_length", GgufValue.Of((uint)shape.HeadDimension));
        yield return new($"{a}.attention.value_length", GgufValue.Of((uint)(shape.ValueDimension ?? shape.HeadDimension)));
        string epsilon = shape.Norm is ForgeNorm.Rms or ForgeNorm.RmsWithoutWeights ? "layer_norm_rms_epsilon" : "layer_norm_epsilon";
        yield return new($"{a}.attention.{epsilon}", GgufValue.Of(shape.NormEpsilon));
        yield return new($"{a}.rope.dimension_count", GgufValue.Of((uint)shape.HeadDimension));
        yield return new($"{a}.rope.freq_base", GgufValue.Of(shape.RopeBase));
        yield return new($"{a}.vocab_size", GgufValue.Of((uint)shape.Vocabulary));
        if (shape.RopeLinearFactor is not float factor)
            yield break;
        yield return new($"{a}.rope.scaling.type", GgufValue.Of("linear"));
        yield return new($"{a}.rope.scaling.factor", GgufValue.Of(factor));
    }
}
