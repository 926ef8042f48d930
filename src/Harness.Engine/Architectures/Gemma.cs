using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Google's Gemma: rotary halves, a GELU gate, the embedding scaled by the root of its length.</summary>
internal static class Gemma
{
    /// <summary>Gemma 1.</summary>
    public static Blueprint Read1(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Rotary(transformer);
        return Build(transformer, layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary) with { OutputBias = false }, FeedForward(transformer, layer)));
    }

    /// <summary>Gemma 2: norms on both sides, soft caps, a window in every other layer.</summary>
    public static Blueprint Read2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint full = Rotary(transformer);
        RotaryBlueprint local = full with { Base = header.Single("rope.freq_base_swa", full.Base) };
        bool[] windowed = transformer.Windowed(period: 2);
        var window = new AttentionWindow(header.Count("attention.sliding_window", 4096));
        float cap = header.Single("attn_logit_softcapping", 50);
        return Build(transformer, layer => BothSides(transformer, layer, transformer.Attention(layer, windowed[layer] ? local : full) with
        {
            Scale = Scale(transformer, layersOf27B: 46),
            SoftCap = cap,
            Window = windowed[layer] ? window : null,
        })) with
        {
            LogitSoftCap = header.Single("final_logit_softcapping", 30),
        };
    }

    /// <summary>
    /// Gemma 3: each head's query and key normed; five layers with a window and an unscaled rotation of a base of its own,
    /// then one without.
    /// </summary>
    public static Blueprint Read3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint full = Rotary(transformer);
        RotaryBlueprint local = full with { Base = header.Single("rope.freq_base_swa", 10000), LinearScale = 1 };
        int length = header.Number("attention.sliding_window", 0);
        bool[] windowed = length > 0 ? transformer.Windowed(period: 6) : new bool[transformer.Layers];
        return Build(transformer, layer => BothSides(transformer, layer, transformer.WithHeadNorms(transformer.Attention(layer, windowed[layer] ? local : full)) with
        {
            Scale = Scale(transformer, layersOf27B: 62),
            Window = windowed[layer] ? new AttentionWindow(length) : null,
        })) with
        {
            LogitSoftCap = header.Single("final_logit_softcapping", 0),
        };
    }

    /// <summary>
    /// Gemma 3n: four streams, of which each layer computes with one; residuals of low rank; sparse feed-forwards at first;
    /// from the 21st layer on, keys and values of earlier ones; every layer has an input of its own.
    /// </summary>
    public static Blueprint Read3n(ModelHeader header)
    {
        // Fixed for the family, not in the metadata that llama.cpp heeds.
        const int streams = 4, sparseLayers = 10, laurelRank = 64, inputLength = 256, layersWithCache = 20;
        const float sparsityDeviations = 1.6448533535003662f;

        var transformer = new TransformerHeader(header);
        int own = Math.Min(layersWithCache, transformer.Layers);
        RotaryBlueprint full = Rotary(transformer);
        RotaryBlueprint local = full with { Base = header.Single("rope.freq_base_swa", 10000), LinearScale = 1 };
        bool[] windowed = transformer.Windowed(period: 5);
        var window = new AttentionWindow(header.Count("attention.sliding_window"));
        var altUp = new AltUpBlueprint(
            streams,
            transformer.RmsNorm("altup_router_norm"),
            new PerLayerInputBlueprint(inputLength, transformer.Layers, transformer.RmsNorm("per_layer_proj_norm")),
            transformer.RmsNorm("post_norm"));
        Blueprint blueprint = Build(transformer, layer =>
        {
            AttentionBlueprint attention = transformer.WithHeadNorms(transformer.Attention(layer, windowed[layer] ? local : full)) with
            {
                Scale = 1,
                ValueNorm = new HeadNormBlueprint(transformer.RmsNorm(null)),
                OutputBias = false,
                Window = windowed[layer] ? window : null,
                CacheOfLayer = SharedLayer(layer, own, windowed),
            };
            return new LayerBlueprint(
            [
                new BranchBlueprint(attention) { PostNorm = transformer.RmsNorm("post_attention_norm") },
                new BranchBlueprint(new LaurelBlueprint(laurelRank, transformer.RmsNorm("laurel_post_norm")) { Norm = attention.Norm })
                {
                    Input = BranchInput.LayerInput,
                    StreamScale = 1 / MathF.Sqrt(2),
                },
                new BranchBlueprint(FeedForward(transformer, layer) with { SparsityDeviations = layer < sparseLayers ? sparsityDeviations : null })
                {
                    PostNorm = transformer.RmsNorm("post_ffw_norm"),
                },
            ])
            {
                AltUp = altUp,
            };
        });
        return blueprint with
        {
            LogitSoftCap = header.Single("final_logit_softcapping", 30),
            UnusedTensors = [.. blueprint.UnusedTensors, .. KeysAndValuesFrom(own, transformer.Layers)],
        };
    }

    /// <summary>
    /// Gemma 4: layers with a window have heads of their own size; the last ones read the keys and values of earlier ones;
    /// layers may have an input of their own, a scale, and experts beside the feed-forward.
    /// </summary>
    public static Blueprint Read4(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        int own = transformer.Layers - header.Number("attention.shared_kv_layers", 0);
        if (own < Math.Min(2, transformer.Layers) || own > transformer.Layers)
            throw new ModelException($"'{header.Prefixed("attention.shared_kv_layers")}' leaves {own} of {transformer.Layers} layers with keys and values; two are needed.");

        RotaryBlueprint full = transformer.Rotary(RotaryKind.NeoX);
        RotaryBlueprint local = full with
        {
            Base = header.Single("rope.freq_base_swa", 10000),
            Dimensions = header.Count("rope.dimension_count_swa", full.Dimensions),
            FactorsTensor = null,
            LinearScale = 1,
        };
        int localLength = header.Count("attention.key_length_swa");
        bool[] windowed = transformer.Windowed(period: 0);
        var window = new AttentionWindow(header.Count("attention.sliding_window"));
        int inputs = header.Number("embedding_length_per_layer_input", 0);
        Blueprint blueprint = Build(transformer, layer =>
        {
            AttentionBlueprint attention = transformer.WithHeadNorms(transformer.Attention(layer, windowed[layer] ? local : full)) with
            {
                Scale = 1,
                KeyLength = windowed[layer] ? localLength : transformer.KeyLength,
                ValueLength = windowed[layer] ? localLength : transformer.KeyLength,
                ValueNorm = new HeadNormBlueprint(transformer.RmsNorm(null)),
                ValueIsKey = !transformer.Has(layer, "attn_v.weight"),
                Window = windowed[layer] ? window : null,
                CacheOfLayer = SharedLayer(layer, own, windowed),
            };
            LayerBlueprint both = BothSides(transformer, layer, attention);
            if (transformer.Has(layer, "ffn_gate_inp.weight"))
                both = both with { Branches = both.Branches.SetItem(1, WithExperts(transformer, layer, both.Branches[1])) };
            return both with
            {
                Branches = inputs > 0 ? both.Branches.Add(PerLayerInput(transformer, inputs)) : both.Branches,
                ScaleTensor = transformer.Has(layer, "layer_output_scale.weight") ? "layer_output_scale.weight" : null,
            };
        });
        return blueprint with
        {
            LogitSoftCap = header.Single("final_logit_softcapping", 0),
            UnusedTensors = [.. blueprint.UnusedTensors, .. KeysAndValuesFrom(own, transformer.Layers)],
        };
    }

    /// <summary>Experts beside the feed-forward, each with norms on both sides of its own; the router norms for itself.</summary>
    private static BranchBlueprint WithExperts(TransformerHeader transformer, int layer, BranchBlueprint dense)
    {
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true) with
        {
            Input = RouterInput.Stream,
            NormEpsilon = transformer.RmsNorm(null).Epsilon,
        };
        return dense with
        {
            Blocks =
            [
                dense.Blocks[0] with { YieldNorm = transformer.RmsNorm("post_ffw_norm_1") },
                experts.Experts(layer, router) with
                {
                    Norm = transformer.RmsNorm("pre_ffw_norm_2"),
                    YieldNorm = transformer.RmsNorm("post_ffw_norm_2"),
                    Activation = Activation.Gelu,
                },
            ],
        };
    }

    /// <summary>The layer whose keys and values a layer reads: its own, or the last of its kind that has some.</summary>
    private static int? SharedLayer(int layer, int own, bool[] windowed) => layer < own ? null : own - (windowed[layer] ? 2 : 1);

    /// <summary>Files hold projections to keys and values in layers that do not use them too.</summary>
    private static IEnumerable<string> KeysAndValuesFrom(int first, int layers) =>
        from layer in Enumerable.Range(first, layers - first)
        from name in (string[])["attn_k.", "attn_v.", "attn_k_norm."]
        select string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}");

    private static BranchBlueprint PerLayerInput(TransformerHeader transformer, int length) =>
        new(new PerLayerInputBlueprint(length, transformer.Layers, transformer.RmsNorm("per_layer_proj_norm")))
        {
            PostNorm = transformer.RmsNorm("post_norm"),
        };

    // The 27B models, known by their depth, scale scores by the width of the stream per head.
    private static float Scale(TransformerHeader transformer, int layersOf27B) => 1 / MathF.Sqrt(
        transformer.Layers == layersOf27B ? transformer.Embedding / transformer.Heads(0) : transformer.KeyLength);

    private static RotaryBlueprint Rotary(TransformerHeader transformer) => transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };

    private static FeedForwardBlueprint FeedForward(TransformerHeader transformer, int layer) =>
        transformer.FeedForward(layer) with { Activation = Activation.Gelu, Bias = false };

    private static LayerBlueprint BothSides(TransformerHeader transformer, int layer, AttentionBlueprint attention) => new(
    [
        new BranchBlueprint(attention with { OutputBias = false }) { PostNorm = transformer.RmsNorm("post_attention_norm") },
        new BranchBlueprint(FeedForward(transformer, layer)) { PostNorm = transformer.RmsNorm("post_ffw_norm") },
    ]);

    private static Blueprint Build(TransformerHeader transformer, Func<int, LayerBlueprint> layer) => transformer.Build(layer) with
    {
        Embedding = new EmbeddingBlueprint { Scale = MathF.Sqrt(transformer.Embedding) },
    };
}
