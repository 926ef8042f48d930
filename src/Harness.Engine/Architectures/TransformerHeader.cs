using System.Collections.Immutable;
using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Engine.Architectures;

/// <summary>
/// The metadata that decoder-only transformers share, with the defaults of the GGUF specification, and the parts of a
/// blueprint made from it. An architecture starts from these and states where it differs.
/// </summary>
internal sealed class TransformerHeader
{
    // No real model comes near; what a file claims beyond it is damage, and products of such claims would overflow.
    private const int LargestWidth = 1 << 24;

    private const string OfEachLayer = "blk.*.";

    private readonly int[] heads;
    private readonly int[] keyValueHeads;
    private readonly int[] feedForward;

    /// <summary>Reads the shared keys.</summary>
    /// <param name="header">The header.</param>
    /// <exception cref="ModelException">The header contradicts itself.</exception>
    /// <exception cref="GgufException">A needed key is missing or of the wrong type.</exception>
    public TransformerHeader(ModelHeader header)
    {
        Header = header;
        int blocks = header.Count("block_count");
        if (blocks > header.Tensors.Count)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{header.Prefixed("block_count")}' is {blocks}, but the file has only {header.Tensors.Count} tensors."));
        }

        // Layers that predict further tokens come last and take no part in predicting the next one.
        int predictors = header.Number("nextn_predict_layers", 0);
        if (predictors < 0 || predictors >= blocks)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"'{header.Prefixed("nextn_predict_layers")}' is {predictors} of {blocks} layers."));
        }

        Layers = blocks - predictors;
        Predictors = predictors;
        Embedding = header.Count("embedding_length");
        heads = PerLayer("attention.head_count", blocks) ?? [];
        keyValueHeads = PerLayer("attention.head_count_kv", blocks) ?? heads;
        feedForward = PerLayer("feed_forward_length", blocks) ?? [];
        int most = heads.Append(0).Max();
        KeyLength = header.Count("attention.key_length", most > 0 ? Math.Max(1, Embedding / most) : 1);
        ValueLength = header.Count("attention.value_length", most > 0 ? Math.Max(1, Embedding / most) : 1);
        for (int i = 0; i < Math.Min(Layers, heads.Length); i++)
            CheckHeads(i);
        for (int i = 0; i < feedForward.Length; i++)
        {
            if (feedForward[i] > LargestWidth)
                throw TooWide(i, string.Create(CultureInfo.InvariantCulture, $"a feed-forward of {feedForward[i]}"));
        }
    }

    /// <summary>The header.</summary>
    public ModelHeader Header { get; }

    /// <summary>Layers that are run.</summary>
    public int Layers { get; }

    /// <summary>Layers after those, which predict further tokens and are not run.</summary>
    public int Predictors { get; }

    /// <summary>Width of the residual stream.</summary>
    public int Embedding { get; }

    /// <summary>Width of a query and of a key head.</summary>
    public int KeyLength { get; }

    /// <summary>Width of a value head.</summary>
    public int ValueLength { get; }

    /// <summary>Query heads of a layer; 0 for a layer without attention.</summary>
    public int Heads(int layer) => heads.Length > 0 ? heads[layer] : throw Lacks("attention.head_count");

    /// <summary>Key/value heads of a layer; 0 for a layer without attention.</summary>
    public int KeyValueHeads(int layer) => keyValueHeads.Length > 0 ? keyValueHeads[layer] : throw Lacks("attention.head_count");

    /// <summary>Inner width of a layer's feed-forward; 0 for a layer without one.</summary>
    public int FeedForwardLength(int layer) => feedForward.Length > 0 ? feedForward[layer] : throw Lacks("feed_forward_length");

    /// <summary>Whether a layer has a tensor.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="name">The name after <c>blk.N.</c>.</param>
    public bool Has(int layer, string name) => Header.Has(string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}"));

    /// <summary>
    /// A norm of the kind whose ε the metadata hold; where they hold both, as files saved by llama.cpp do, the other is 0.
    /// Where both are 0, it is the root mean square that most models take.
    /// </summary>
    public NormBlueprint Norm(string? tensor)
    {
        const string Rms = "attention.layer_norm_rms_epsilon";
        const string Layer = "attention.layer_norm_epsilon";
        bool layer = Header.HasKey(Layer) && (!Header.HasKey(Rms) || (Header.Single(Rms) == 0 && Header.Single(Layer) != 0));
        return layer ? LayerNorm(tensor) : RmsNorm(tensor);
    }

    /// <summary>An RMS norm with the model's ε.</summary>
    public NormBlueprint RmsNorm(string? tensor) => new(NormKind.Rms, Epsilon("attention.layer_norm_rms_epsilon"), tensor);

    /// <summary>A layer norm with the model's ε.</summary>
    public NormBlueprint LayerNorm(string? tensor) => new(NormKind.Layer, Epsilon("attention.layer_norm_epsilon"), tensor);

    /// <summary>An RMS norm of each head, or of all heads as one vector.</summary>
    /// <param name="tensor">Its tensor, or null for one without weights.</param>
    /// <param name="wholeVector">All heads are one vector.</param>
    public HeadNormBlueprint HeadNorm(string? tensor, bool wholeVector = false) => new(RmsNorm(tensor), wholeVector);

    /// <summary>The rotary embedding the metadata describes, over the whole head unless they say otherwise.</summary>
    /// <param name="kind">Which values are pairs.</param>
    /// <param name="yarnParameters">Whether YaRN's own parameters in the metadata count; see <see cref="RotaryHeader"/>.</param>
    public RotaryBlueprint Rotary(RotaryKind kind, bool yarnParameters = false)
    {
        _ = AtLeastOne(Heads(0) == 0 ? heads.Max() : Heads(0), "attention.head_count");
        return RotaryHeader.Read(Header, kind, KeyLength, yarnParameters);
    }

    /// <summary>A layer's attention: biases and a fused projection from the tensors there are; norm <c>attn_norm</c>, RMS.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rotary">Its rotary embedding.</param>
    public AttentionBlueprint Attention(int layer, RotaryBlueprint? rotary) => new()
    {
        Norm = Norm("attn_norm"),
        HeadCount = AtLeastOne(Heads(layer), "attention.head_count"),
        KeyValueHeadCount = AtLeastOne(KeyValueHeads(layer), "attention.head_count_kv"),
        KeyLength = KeyLength,
        ValueLength = ValueLength,
        FusedQkv = Has(layer, "attn_qkv.weight"),
        QkvBias = Has(layer, "attn_qkv.bias") || Has(layer, "attn_q.bias") || Has(layer, "attn_k.bias") || Has(layer, "attn_v.bias"),
        OutputBias = Has(layer, "attn_output.bias"),
        Clamp = Header.Single("attention.clamp_kqv", 0),
        Scale = 1 / MathF.Sqrt(KeyLength),
        Rotary = rotary,
    };

    /// <summary>The same with RMS norms of queries and keys, <c>attn_q_norm</c> and <c>attn_k_norm</c>.</summary>
    public AttentionBlueprint WithHeadNorms(AttentionBlueprint attention) => attention with
    {
        QueryNorm = new HeadNormBlueprint(RmsNorm("attn_q_norm")),
        KeyNorm = new HeadNormBlueprint(RmsNorm("attn_k_norm")),
    };

    /// <summary>A rotary embedding with the sections the metadata tells of, if any.</summary>
    public RotaryBlueprint SectionedRotary(RotaryKind kind)
    {
        const string Key = "rope.dimension_sections";
        RotaryBlueprint rotary = Rotary(kind);
        if (!Header.Metadata.TryGetArray(Header.Prefixed(Key), out ReadOnlyMemory<int> sections))
            return rotary;
        foreach (int section in sections.Span)
        {
            if (section < 0 || section > rotary.Dimensions)
                throw new ModelException(string.Create(CultureInfo.InvariantCulture, $"'{Header.Prefixed(Key)}' holds {section}."));
        }

        return rotary with { Sections = [.. sections.Span] };
    }

    /// <summary>The norm before a layer's feed-forward: <c>ffn_norm</c>.</summary>
    public NormBlueprint FeedForwardNorm => Norm("ffn_norm");

    /// <summary>A layer's feed-forward: gated with SiLU; biases from the tensors there are; norm <c>ffn_norm</c>, RMS.</summary>
    /// <param name="layer">The layer.</param>
    public FeedForwardBlueprint FeedForward(int layer) => new()
    {
        Norm = FeedForwardNorm,
        Length = AtLeastOne(FeedForwardLength(layer), "feed_forward_length"),
        TensorScales = Header.Architecture is "bitnet" or "cohere2" or "gemma4" or "llama" or "mistral3" or "nanbeige"
            or "nemotron_h" or "nemotron_h_moe" or "qwen3" or "qwen35" or "talkie",
        Bias = Has(layer, "ffn_gate.bias") || Has(layer, "ffn_up.bias") || Has(layer, "ffn_down.bias"),
    };

    /// <summary>
    /// For each layer, whether its window is open: every <paramref name="period"/>-th layer sees all positions, the last
    /// of each period, or the first when <paramref name="denseFirst"/>. The metadata's own pattern goes before.
    /// </summary>
    /// <param name="period">Layers of a period; 0 or 1: see remarks.</param>
    /// <param name="denseFirst">The first layer of each period is the one that sees all.</param>
    /// <returns>True where a layer is windowed.</returns>
    /// <remarks>A period of 0 means that all layers are windowed, 1 that none is.</remarks>
    public bool[] Windowed(int period, bool denseFirst = false)
    {
        const string Key = "attention.sliding_window_pattern";
        if (Header.FlagsPerLayer(Key, Layers) is { } flags)
            return flags;
        int chosen = Header.Number(Key, period);
        return
        [
            .. Enumerable.Range(0, Layers).Select(layer => chosen == 0 || (chosen > 1
                && (denseFirst ? layer % chosen != 0 : layer % chosen < chosen - 1))),
        ];
    }

    /// <summary>The blueprint of a model of some layers.</summary>
    /// <param name="layer">Makes a layer.</param>
    /// <param name="embedding">The embedding matrix.</param>
    public Blueprint Build(Func<int, LayerBlueprint> layer, string embedding = "token_embd.weight")
    {
        var layers = ImmutableArray.CreateBuilder<LayerBlueprint>(Layers);
        for (int i = 0; i < Layers; i++)
            layers.Add(layer(i));
        return new Blueprint
        {
            Architecture = Header.Architecture,
            VocabularySize = ReadVocabularySize(Header, embedding),
            EmbeddingTensor = embedding,
            EmbeddingLength = Embedding,
            ContextLength = Header.Count("context_length"),
            OutputNorm = Norm("output_norm"),
            Layers = layers.MoveToImmutable(),
            TiedOutput = !Header.Has("output.weight"),
            ActiveParameters = ReadActiveParameters(),
            UnusedTensors = [.. Enumerable.Range(Layers, Predictors).Select(i => string.Create(CultureInfo.InvariantCulture, $"blk.{i}."))],
        };
    }

    /// <summary>The matrices of a dense feed-forward, which files may hold in layers that have experts, and for naught.</summary>
    public static ReadOnlySpan<string> DenseTensors => new string[] { "blk.*.ffn_gate.", "blk.*.ffn_up.", "blk.*.ffn_down." };

    /// <summary>
    /// The same model, whose file may hold tensors that take no part in it: llama.cpp reads them for some families and
    /// computes without them, and what it computes is what a file means.
    /// </summary>
    /// <param name="blueprint">The model.</param>
    /// <param name="names">Beginnings of names: within each layer after <c>blk.*.</c>, else of the model.</param>
    public Blueprint Without(Blueprint blueprint, params ReadOnlySpan<string> names)
    {
        ImmutableArray<string>.Builder unused = blueprint.UnusedTensors.ToBuilder();
        foreach (string name in names)
        {
            if (!name.StartsWith(OfEachLayer, StringComparison.Ordinal))
                unused.Add(name);
            for (int i = 0; i < Layers && name.StartsWith(OfEachLayer, StringComparison.Ordinal); i++)
                unused.Add(string.Create(CultureInfo.InvariantCulture, $"blk.{i}.{name.AsSpan(OfEachLayer.Length)}"));
        }

        return blueprint with { UnusedTensors = unused.ToImmutable() };
    }

    /// <summary>Refuses a mixture of experts; a count of experts that are not in the file is no mixture.</summary>
    public static void RefuseExperts(ModelHeader header)
    {
        uint experts = header.Number("expert_count", 0u);
        if (experts > 0 && header.Tensors.Keys.Any(name => name.Contains("_exps.", StringComparison.Ordinal)))
        {
            throw new UnsupportedModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The built-in engine does not run mixtures of experts for '{header.Architecture}' ({header.Prefixed("expert_count")} = {experts})."));
        }
    }

    // Of experts' matrices, which have one slice an expert, a token needs those of the experts used.
    private long ReadActiveParameters()
    {
        long experts = Header.Number("expert_count", 0L);
        long used = Header.Number("expert_used_count", 0L);
        if (experts <= 0 || used >= experts)
            return 0;
        double active = 0;
        foreach (GgufTensor tensor in Header.Tensors.Values.Where(t => !IsOfPredictor(t.Name)))
        {
            bool sliced = tensor.Name.Contains("_exps.", StringComparison.Ordinal) || tensor.Name.Contains("_chexps.", StringComparison.Ordinal);
            long slices = tensor.Shape[^1];
            active += sliced ? tensor.ElementCount / (double)slices * Math.Min(used, slices) : tensor.ElementCount;
        }

        return (long)active;
    }

    private bool IsOfPredictor(string name) => Enumerable.Range(Layers, Predictors)
        .Any(i => name.StartsWith(string.Create(CultureInfo.InvariantCulture, $"blk.{i}."), StringComparison.Ordinal));

    private int[]? PerLayer(string key, int blocks) => Header.NumbersPerLayer(key, blocks);

    private float Epsilon(string key)
    {
        float epsilon = Header.Single(key);
        return epsilon >= 0
            ? epsilon
            : throw new ModelException(string.Create(CultureInfo.InvariantCulture, $"'{Header.Prefixed(key)}' is {epsilon}; it cannot be negative."));
    }

    private void CheckHeads(int layer)
    {
        int queries = heads[layer];
        int keys = keyValueHeads[layer];
        if (keys > 0 && queries % keys != 0)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"Layer {layer} has {queries} query heads and {keys} key/value heads; the first must be a multiple of the second."));
        }

        if ((long)Math.Max(queries, keys) * Math.Max(KeyLength, ValueLength) > LargestWidth)
        {
            throw TooWide(layer, string.Create(
                CultureInfo.InvariantCulture, $"{queries} heads of {Math.Max(KeyLength, ValueLength)}"));
        }
    }

    private int AtLeastOne(int value, string key) => value > 0
        ? value
        : throw new ModelException(string.Create(CultureInfo.InvariantCulture, $"'{Header.Prefixed(key)}' is {value}; it must be positive."));

    private ModelException Lacks(string key) => new($"The metadata lacks '{Header.Prefixed(key)}'.");

    private static ModelException TooWide(int layer, string what) => new(string.Create(
        CultureInfo.InvariantCulture, $"Layer {layer} claims {what} values; the largest width is {LargestWidth}."));

    private static int ReadVocabularySize(ModelHeader header, string name)
    {
        // Counted on the embedding matrix, so that a file without a tokenizer, or with an unknown one, runs.
        if (!header.Tensors.TryGetValue(name, out GgufTensor? embedding))
            throw new ModelException($"The tensor '{name}' is missing.");
        if (embedding.Shape.Length != 2 || embedding.Shape[1] > int.MaxValue)
            throw new ModelException($"The tensor '{name}' has the shape [{string.Join(", ", embedding.Shape)}]; two dimensions are expected.");
        return (int)embedding.Shape[1];
    }
}
