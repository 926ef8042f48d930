using System.Globalization;
using System.Text.Json;
using Harness.Conversion.Values;
using Harness.Formats.Safetensors;

namespace Harness.Conversion.Source;

/// <summary>
/// A model directory that is being converted: its configuration, its lengths, and its tensors, each of which is taken once, in
/// the shape that the configuration says, or is said to be missing, misshapen or left over.
/// </summary>
internal sealed class SourceModel
{
    // What older libraries saved beside the weights, and what quantizing for other engines leaves: nothing that is computed with.
    private static readonly string[] Unused =
    [
        ".rotary_emb.inv_freq", ".attention.bias", ".attention.masked_bias", ".attn.bias", ".attn.masked_bias", "rotary_pos_emb.inv_freq",
        ".input_scale", ".activation_scale", ".k_scale", ".v_scale", ".qscale_act",
    ];

    // The parts of models that see or hear: a text model has no use for them.
    private static readonly string[] OtherSenses =
        ["vision_tower.", "vision_model.", "visual.", "multi_modal_projector.", "mm_projector.", "audio_tower.", "image_newline", "connector."];

    // With so many missing the rest teaches nothing, and a number of layers that nothing bears out would be counted to its end.
    private const int MostMissing = 1000;

    private readonly SafetensorsModel files;
    private readonly Dictionary<string, SafetensorsTensor> byName = new(StringComparer.Ordinal);
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly List<string> missing = [];

    public SourceModel(ModelConfig config, SafetensorsModel files)
    {
        Config = config;
        this.files = files;
        foreach (SafetensorsTensor tensor in files.Tensors)
        {
            if (!byName.TryAdd(Plain(tensor.Name), tensor))
                throw new ConversionException("read tensors", $"there are two tensors that are '{Plain(tensor.Name)}' without the name of the language model", files.Paths[tensor.Shard], "Convert a model with one language model.");
        }

        Layers = config.Length("num_hidden_layers", "n_layer", "num_layers", "n_layers");
        Embedding = config.Length("hidden_size", "n_embd", "d_model", "n_embed");
        Heads = config.Length("num_attention_heads", "n_head", "n_heads");

        // One head of keys and values for all, unless Falcon's newer form says how many.
        KvHeads = config.TryFlag("multi_query") == true && config.TryFlag("new_decoder_architecture") != true
            ? new Dim(1, "multi_query")
            : config.TryLength("num_key_value_heads", "n_kv_heads", "num_kv_heads", "n_head_kv") ?? Heads;
        Vocabulary = config.Length("vocab_size", "padded_vocab_size");
        HeadDimension = config.TryLength("head_dim", "attention_head_dim", "kv_channels") ?? Divided(Embedding, Heads);
    }

    /// <summary>The configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>Decoder blocks.</summary>
    public Dim Layers { get; }

    /// <summary>The residual stream's length.</summary>
    public Dim Embedding { get; }

    /// <summary>Query heads.</summary>
    public Dim Heads { get; init; }

    /// <summary>Key and value heads.</summary>
    public Dim KvHeads { get; init; }

    /// <summary>Tokens.</summary>
    public Dim Vocabulary { get; }

    /// <summary>Length of one head.</summary>
    public Dim HeadDimension { get; init; }

    /// <summary>All heads' queries.</summary>
    public Dim QueryWidth => Heads * HeadDimension;

    /// <summary>All heads' keys, and all heads' values.</summary>
    public Dim KeyWidth => KvHeads * HeadDimension;

    /// <summary>The inner length of the feed-forward, where there are no experts.</summary>
    public Dim FeedForward => Config.TryLength("intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim") ?? 4 * Embedding;

    /// <summary>How many experts a layer has.</summary>
    public Dim Experts => Config.Length("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts");

    /// <summary>Whether the output head is the token embedding.</summary>
    public bool? Tied => Config.TryFlag("tie_word_embeddings");

    /// <summary>Names of the tensors that nothing took, those aside that nothing is computed with.</summary>
    public IEnumerable<string> Untaken => byName.Keys.Where(n => !taken.Contains(n) && !IsUnused(n)).Order(StringComparer.Ordinal);

    /// <summary>Whether there is a tensor.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Takes a tensor that must be there, in a shape that must be right.</summary>
    /// <param name="name">Its name, with or without the prefix of the whole model.</param>
    /// <param name="step">What it is taken for: <c>map attn_q of layer 3</c>.</param>
    /// <param name="shape">The shape it must have, outermost length first.</param>
    /// <returns>Its values; where it is missing, zeros that are never written, since <see cref="Complete"/> fails.</returns>
    /// <exception cref="ConversionException">It has another shape.</exception>
    public TensorValues Take(string name, string step, params IReadOnlyList<Dim> shape)
    {
        if (shape.Aggregate(1.0, (product, length) => product * length.Value) > long.MaxValue / 8)
        {
            throw new ConversionException(
                step, $"the tensor '{name}' would be [{string.Join(", ", shape)}], more than any file can hold", Config.FilePath, "Take config.json from the model's repository.")
            { Tensor = name };
        }

        if (Find(name) is not { } tensor)
        {
            missing.Add(name);
            if (missing.Count >= MostMissing)
                throw Incomplete("map tensors");
            return new NoValues([.. shape.Select(d => d.Value)]);
        }

        taken.Add(Plain(tensor.Name));
        if (!tensor.Shape.SequenceEqual(shape.Select(d => d.Value)))
            throw Misshapen(tensor, step, shape);
        return Dequantized(tensor, step);
    }

    /// <summary>Leaves a tensor out on purpose.</summary>
    public void Skip(string name)
    {
        if (Find(name) is { } tensor)
            taken.Add(Plain(tensor.Name));
    }

    /// <summary>Fails where tensors were missing, or where some are left that nothing took.</summary>
    /// <exception cref="ConversionException">Names them.</exception>
    public void Complete(string architecture)
    {
        if (missing.Count > 0)
            throw Incomplete($"map tensors to '{architecture}'");
        string[] left = [.. Untaken];
        if (left.Length == 0)
            return;
        throw new ConversionException(
            $"map tensors to '{architecture}'",
            left.Length == 1 ? $"nothing is known to do with the tensor '{left[0]}'" : $"nothing is known to do with {Count(left.Length)} tensors: {Some(left)}",
            files.Paths[byName[left[0]].Shard],
            "The model has parts that its configuration does not tell of, or that the conversion does not know; leaving them out would give another model.")
        { Tensor = left[0] };
    }

    private ConversionException Incomplete(string step)
    {
        string near = Untaken.FirstOrDefault() is { } other ? $" Not asked for was, among others, '{other}'." : "";
        string many = missing.Count >= MostMissing ? " and more" : "";
        return new ConversionException(
            step,
            missing.Count == 1 ? $"the tensor '{missing[0]}' is missing" : $"{Count(missing.Count)}{many} tensors are missing: {Some(missing)}",
            files.Paths[0],
            $"A shard is missing, the model was saved incompletely, or its layers are not those of {string.Join(", ", Config.Classes)}.{near}")
        { Tensor = missing[0] };
    }

    private static string Count(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static Dim Divided(Dim embedding, Dim heads) => new(embedding.Value / heads.Value, $"{embedding.Meaning} ÷ {heads.Meaning}");

    private static string Some(IReadOnlyList<string> names) =>
        names.Count <= 4 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(4))}, …";

    private static string Plain(string name) => name.Replace("language_model.", "", StringComparison.Ordinal);

    private static bool IsUnused(string name) =>
        Array.Exists(Unused, u => name.EndsWith(u, StringComparison.Ordinal))
        || Array.Exists(OtherSenses, s => name.StartsWith(s, StringComparison.Ordinal) || name.StartsWith("model." + s, StringComparison.Ordinal));

    /// <summary>By its name, or by its name without the prefix of the whole model, as base models have them.</summary>
    private SafetensorsTensor? Find(string name)
    {
        if (byName.TryGetValue(name, out SafetensorsTensor? tensor))
            return tensor;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return name[..dot] is "model" or "transformer" or "gpt_neox" && byName.TryGetValue(name[(dot + 1)..], out tensor) ? tensor : null;
    }

    private ConversionException Misshapen(SafetensorsTensor tensor, string step, IReadOnlyList<Dim> shape)
    {
        string expected = string.Join(", ", shape.Select(d => d.Value));
        string found = string.Join(", ", tensor.Shape);
        var squeezed = tensor.Shape.Where(l => l != 1);
        string why = squeezed.SequenceEqual(shape.Select(d => d.Value).Where(l => l != 1))
            ? "It has a dimension of length 1 too many or too few; whoever saved it (a fusing or training tool) changed the layout: save it again in the shape of the original model."
            : tensor.Shape.SequenceEqual(shape.Select(d => d.Value).Reverse())
                ? "It is turned over; whoever saved it stores weights the other way round: save it again as the transformers library does."
                : $"config.json and the weights are of different models, or config.json is wrong about {string.Join(", ", shape.Where((d, i) => tensor.Shape.Length != shape.Count || tensor.Shape[i] != d.Value).Select(d => d.Meaning).Distinct())}.";
        return new ConversionException(
            step, $"the tensor '{tensor.Name}' should be [{expected}], which is [{string.Join(", ", shape.Select(d => d.Meaning))}], but is [{found}]", files.Paths[tensor.Shard], why)
        {
            Tensor = tensor.Name,
            Expected = [.. shape.Select(d => d.Value)],
            Found = tensor.Shape,
        };
    }

    /// <summary>The tensor's values, multiplied by the scales that stand beside it when it is of 8-bit floats.</summary>
    private TensorValues Dequantized(SafetensorsTensor tensor, string step)
    {
        var values = new StoredValues(files, tensor);
        string name = Plain(tensor.Name);
        string stem = name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^"weight".Length] : name;
        string? scaleName = new[] { $"{name}_scale_inv", $"{name}_scale", $"{stem}qscale_weight", $"{stem}scale_weight" }.FirstOrDefault(byName.ContainsKey);
        if (scaleName is null)
        {
            bool eightBits = tensor.Type == SafetensorsType.F8E4M3 || tensor.Type == SafetensorsType.F8E5M2;
            return eightBits && Config.Find("quantization_config") is not null
                ? throw new ConversionException(
                    step, $"the tensor '{tensor.Name}' is of {tensor.Type.Name} and has no scales '{name}_scale_inv' or '{name}_scale'", files.Paths[tensor.Shard],
                    "A shard is missing, or the model was saved incompletely.")
                { Tensor = tensor.Name }
                : values;
        }

        taken.Add(scaleName);
        SafetensorsTensor scale = byName[scaleName];
        var scales = new float[scale.ElementCount];
        files.Read(scale, 0, scales);
        (long rows, long columns) = (tensor.ElementCount / tensor.Shape[^1], tensor.Shape[^1]);
        (long blockRows, long blockColumns) = Block(tensor, scale, rows, columns, step);
        return new ScaledValues(values, scales, blockRows, blockColumns);
    }

    /// <summary>What one scale is for: the whole tensor, a row, or a block as config.json says.</summary>
    private (long Rows, long Columns) Block(SafetensorsTensor tensor, SafetensorsTensor scale, long rows, long columns, string step)
    {
        if (scale.ElementCount == 1)
            return (rows, columns);
        if (scale.ElementCount == rows && (scale.Shape.Length == 1 || scale.Shape[^1] == 1))
            return (1, columns);
        (long blockRows, long blockColumns) = BlockSize();
        if (scale.Shape.Length == 2 && scale.Shape[0] == (rows + blockRows - 1) / blockRows && scale.Shape[1] == (columns + blockColumns - 1) / blockColumns)
            return (blockRows, blockColumns);
        throw new ConversionException(
            step,
            string.Create(CultureInfo.InvariantCulture, $"the scales '{scale.Name}' are {scale.ShapeText}, which for {tensor.ShapeText} is neither one, nor one a row, nor one for each block of {blockRows} × {blockColumns}"),
            files.Paths[scale.Shard], "config.json's quantization_config.weight_block_size must be that of the weights.")
        { Tensor = scale.Name };
    }

    private (long Rows, long Columns) BlockSize() =>
        Config.Find("quantization_config") is { ValueKind: JsonValueKind.Object } quantization
        && quantization.TryGetProperty("weight_block_size", out JsonElement size) && size.ValueKind == JsonValueKind.Array && size.GetArrayLength() == 2
        && size[0].TryGetInt64(out long rows) && size[1].TryGetInt64(out long columns) && rows > 0 && columns > 0
            ? (rows, columns)
            : (128, 128);

    /// <summary>Stands in for a missing tensor until all that are missing are known.</summary>
    private sealed class NoValues(IReadOnlyList<long> shape) : TensorValues(shape)
    {
        public override void Read(long first, Span<float> destination) => throw new InvalidOperationException("The tensor is missing.");
    }
}
