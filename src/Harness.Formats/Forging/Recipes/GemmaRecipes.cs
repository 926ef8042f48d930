namespace Harness.Formats.Forging.Recipes;

/// <summary>Google's Gemma: the embedding scaled by the root of its length and tied to the output, a GELU gate.</summary>
internal static class GemmaRecipes
{
    /// <summary><c>gemma</c>: llama's tensors; heads wider than the embedding.</summary>
    public static ForgeArchitecture Gemma() => new(Of("gemma") with { Heads = 16 }, LlamaRecipes.Plain);

    /// <summary><c>gemma2</c>: norms on both sides, soft caps, a window in every other layer; 46 layers scale the queries otherwise.</summary>
    public static ForgeArchitecture Gemma2()
    {
        ForgeShape shape = Of("gemma2") with { Heads = 16 };
        return new ForgeArchitecture("gemma2", s => DecoderTensors.Model(s, layer => BothSides(layer, layer.Attention())),
        [
            shape.Variant("9b"), (shape with { Layers = 46, Embedding = 96, Heads = 6, HeadDimension = 32, FeedForward = 128, EmbeddingScale = 10 }).Variant("27b"),
        ])
        {
            Keys = new()
            {
                { "attention.sliding_window", 12 }, { "attn_logit_softcapping", 1.5f }, { "final_logit_softcapping", 10f },
            },
        };
    }

    /// <summary>
    /// <c>gemma3</c>: five layers with a window and a base of their own, then one without; each head's query and key
    /// normed; the rotation of the full layers scaled. 62 layers scale the queries otherwise.
    /// </summary>
    public static ForgeArchitecture Gemma3()
    {
        ForgeShape shape = Of("gemma3") with { Layers = 7, RopeBase = 1_000_000, RopeLinearFactor = 8 };
        ForgeKeys windows = new() { { "attention.sliding_window", 12 } };
        return new ForgeArchitecture("gemma3", s => DecoderTensors.Model(s, layer => BothSides(layer, [.. layer.Attention(), .. layer.HeadNorms()])),
        [
            shape.Variant("windows", windows),
            (shape with { Layers = 3, Heads = 16 }).Variant("full"),
            (shape with { Layers = 62, Embedding = 96, Heads = 6, HeadDimension = 32, FeedForward = 128, EmbeddingScale = 10 }).Variant("27b", windows),
        ]);
    }

    /// <summary>
    /// <c>gemma4</c>: two layers with a window and smaller heads, then one without, whose values are its keys; the second
    /// three read keys and values of the first; every layer has an input and a scale of its own.
    /// </summary>
    public static ForgeArchitecture Gemma4()
    {
        const int input = 128, localHead = 32;
        bool[] windowed = [true, true, false, true, true, false];
        ForgeShape shape = Of("gemma4") with { Layers = windowed.Length, HeadDimension = 64, RopeBase = 1_000_000, RopeFactors = true };
        ForgeShape ShapeOf(ForgeShape s, int layer) => s with
        {
            HeadDimension = windowed[layer] ? localHead : s.HeadDimension,
            KvHeads = windowed[layer] ? 2 : 1,
            FeedForward = layer < 3 ? 512 : 768,
        };
        ForgeKeys windows = new()
        {
            { "attention.sliding_window", 12 }, { "attention.sliding_window_pattern", windowed },
            { "attention.key_length_swa", localHead }, { "attention.value_length_swa", localHead }, { "rope.dimension_count_swa", localHead },
            { "rope.freq_base_swa", 10_000f }, { "final_logit_softcapping", 10f },
        };
        return new ForgeArchitecture(
            "gemma4",
            s => DecoderTensors.Model(
                s,
                model =>
                {
                    ForgeLayer layer = model with { Shape = ShapeOf(s, model.Index) };
                    bool own = layer.Index < 3;
                    IEnumerable<ForgeTensor> attention = layer.Attention().Where(t =>
                        t.Name.Contains("attn_k", StringComparison.Ordinal) ? own
                        : !t.Name.Contains("attn_v", StringComparison.Ordinal) || (own && windowed[layer.Index]));
                    return
                    [
                        .. BothSides(layer, [.. attention, .. SmallHeadNorms(layer).Take(own ? 2 : 1)]),
                        .. PerLayerInput(layer, input), layer.Between("layer_output_scale.weight", [1], 0.7, 1.3),
                    ];
                },
                PerLayerInputs(s, input)),
            [
                new("default", shape, windows.And(new()
                {
                    { "feed_forward_length", [512, 512, 512, 768, 768, 768] }, { "attention.head_count_kv", [2, 2, 1, 2, 2, 1] },
                    { "attention.shared_kv_layers", 3 }, { "embedding_length_per_layer_input", input },
                })),
                Gemma4Experts(shape, windows),
            ]);
    }

    /// <summary>
    /// The variant with experts beside the feed-forward, each with norms on both sides of its own; the router has a norm
    /// of its own, and what an expert yields a scale.
    /// </summary>
    private static ForgeProbe Gemma4Experts(ForgeShape dense, ForgeKeys windows)
    {
        ForgeShape shape = dense with { Layers = 3, TiedOutput = false, EmbeddingScale = 1, Experts = new() { Count = 6, Used = 2, Length = 256 } };
        return shape.Variant("experts", shape.ExpertKeys(windows.And(new()
        {
            { "attention.head_count_kv", [2, 2, 1] }, { "attention.sliding_window_pattern", [true, true, false] },
            { "attention.shared_kv_layers", 0 }, { "embedding_length_per_layer_input", 0 },
        }))) with
        {
            Tensors = s => DecoderTensors.Model(s, model =>
            {
                bool windowed = model.Index < 2;
                ForgeLayer layer = model with
                {
                    Shape = s with { HeadDimension = windowed ? 32 : s.HeadDimension, KvHeads = windowed ? 2 : 1 },
                };
                IEnumerable<ForgeTensor> attention = layer.Attention().Where(t => windowed || !t.Name.Contains("attn_v", StringComparison.Ordinal));
                return
                [
                    .. BothSides(layer, [.. attention, .. SmallHeadNorms(layer)]), .. layer.Experts(fused: true),
                    layer.Between("ffn_gate_inp.scale", [s.Embedding], 14, 18), layer.Between("ffn_down_exps.scale", [s.Experts!.Count], 0.5, 1.5),
                    layer.Scale("pre_ffw_norm_2", s.Embedding), layer.Scale("post_ffw_norm_1", s.Embedding), layer.Scale("post_ffw_norm_2", s.Embedding),
                    layer.Between("layer_output_scale.weight", [1], 0.7, 1.3),
                ];
            }),
        };
    }

    /// <summary>
    /// <c>gemma3n</c>: four streams, residuals of low rank, sparse feed-forwards at first. Only from the 21st layer on are
    /// keys and values shared: a variant is deep and narrow.
    /// </summary>
    public static ForgeArchitecture Gemma3n()
    {
        const int streams = 4, rank = 64, input = 256;
        ForgeShape shape = Of("gemma3n") with { Layers = 5, RopeBase = 1_000_000 };
        ForgeShape deep = shape with
        {
            Layers = 22,
            Embedding = 96,
            Heads = 6,
            HeadDimension = 16,
            FeedForward = 128,
            EmbeddingScale = 10,
        };
        return new ForgeArchitecture(
            "gemma3n",
            s => DecoderTensors.Model(
                s,
                layer =>
                [
                    .. BothSides(layer, [.. layer.Attention(), .. SmallHeadNorms(layer)]), .. PerLayerInput(layer, input),
                    layer.Weight("laurel_l", s.Embedding, rank), layer.Weight("laurel_r", rank, s.Embedding), PostNorm(layer, "laurel_post_norm"),
                    .. layer.Norm("altup_router_norm"), layer.Weight("altup_router", s.Embedding, streams, ForgeLayer.One / 2 * s.Embedding),
                    layer.Weight("altup_predict_coef", streams, streams * streams, ForgeLayer.One / 8),
                    layer.Weight("altup_correct_coef", streams, streams, ForgeLayer.One / 4), layer.Scale("altup_correct_scale", s.Embedding),
                ],
                [
                    .. PerLayerInputs(s, input),
                    new("altup_proj.weight", [s.Embedding, s.Embedding, streams - 1], ForgeValues.Weights),
                    new("altup_unembd_proj.weight", [s.Embedding, s.Embedding, streams - 1], ForgeValues.Weights),
                ]),
            [shape.Variant("own"), deep.Variant("shared")])
        {
            Keys = new() { { "attention.sliding_window", 12 }, { "embedding_length_per_layer_input", input } },
        };
    }

    /// <summary>Norms of the query's and the key's heads where scores are not scaled: weights that keep the softmax from picking one alone.</summary>
    private static IEnumerable<ForgeTensor> SmallHeadNorms(ForgeLayer layer) =>
    [
        layer.Between("attn_q_norm.weight", [layer.Shape.HeadDimension], 0.25, 0.5),
        layer.Between("attn_k_norm.weight", [layer.Shape.HeadDimension], 0.25, 0.5),
    ];

    /// <summary>What the inputs of all layers are made from.</summary>
    private static IEnumerable<ForgeTensor> PerLayerInputs(ForgeShape shape, int length) =>
    [
        new("per_layer_token_embd.weight", [(long)length * shape.Layers, shape.Vocabulary], ForgeValues.Weights, ForgeLayer.One * 2),
        new("per_layer_model_proj.weight", [shape.Embedding, (long)length * shape.Layers], ForgeValues.Weights),
        new("per_layer_proj_norm.weight", [length], ForgeValues.Norm),
    ];

    /// <summary>A layer's own input.</summary>
    private static IEnumerable<ForgeTensor> PerLayerInput(ForgeLayer layer, int length) =>
    [
        layer.Weight("inp_gate", layer.Shape.Embedding, length), layer.Back("proj", length), PostNorm(layer, "post_norm"),
    ];

    private static ForgeShape Of(string architecture) =>
        ProbeShape.Of(architecture) with { NormEpsilon = 1e-6f, TiedOutput = true, EmbeddingScale = 16, Tokenizer = ForgedTokenizer.SentencePiece };

    private static IEnumerable<ForgeTensor> BothSides(ForgeLayer layer, IEnumerable<ForgeTensor> attention) =>
    [
        .. layer.Norm("attn_norm"), .. attention, PostNorm(layer, "post_attention_norm"),
        .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward(), PostNorm(layer, "post_ffw_norm"),
    ];

    // What many layers add must not drown what went in, nor rounding grow from each to the next.
    private static ForgeTensor PostNorm(ForgeLayer layer, string name) => layer.Shape.Layers <= 8
        ? layer.Scale(name, layer.Shape.Embedding)
        : layer.Between($"{name}.weight", [layer.Shape.Embedding], 0.1, 0.3);
}
