using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Engine.Architectures;

/// <summary>Mixtures of experts some of whose layers see only a window.</summary>
internal static class WindowedExperts
{
    /// <summary>SmallThinker: the router reads what the layer read; unwindowed layers are not rotated.</summary>
    public static Blueprint ReadSmallThinker(ModelHeader header)
    {
        const int Length = 4096;
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        bool windows = header.Number("attention.sliding_window", 0) > 0;
        bool[] windowed = windows ? transformer.Windowed(4, denseFirst: true) : new bool[transformer.Layers];
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax) with
        {
            NormalizeWeights = true,
            WeightScale = 1,
            Input = RouterInput.Layer,
        };
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, !windows || layer % 4 != 0 ? rotary : null) with
            {
                Window = windowed[layer] ? new AttentionWindow(Length) : null,
            },
            experts.Experts(layer, router) with { Activation = Activation.Relu }));
    }

    /// <summary>EXAONE-MoE: windowed layers are rotated, the others are not.</summary>
    public static Blueprint ReadExaone(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        bool[] windowed = transformer.Windowed(4);
        int window = header.Count("attention.sliding_window");
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(WithHeadNorms(transformer, layer, windowed[layer] ? rotary : null) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            }),
            experts.Branch(layer, router),
        ]));
    }

    /// <summary>
    /// MiniMax M3: bounded activations throughout; layers with experts see the blocks that an indexer chooses. As long as
    /// there are no more blocks than it chooses, that is all positions, and so far this engine goes.
    /// </summary>
    public static Blueprint ReadMiniMax3(ModelHeader header)
    {
        const float Bound = 7;
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Softmax);
        var bounds = new GateBounds(Bound, UpOffset: 1);
        long seen = (long)header.Count("attention.indexer.block_size") * header.Count("attention.indexer.top_k");
        Blueprint blueprint = transformer.Build(layer =>
        {
            BranchBlueprint second = experts.Branch(layer, router);
            return new LayerBlueprint([
                new BranchBlueprint(WithHeadNorms(transformer, layer, rotary)),
                second with
                {
                    Blocks =
                    [
                        .. second.Blocks.Select(block => block switch
                        {
                            ExpertsBlueprint mixture => mixture with { Activation = Activation.GeluQuick, Bounds = bounds },
                            FeedForwardBlueprint dense => dense with { Activation = Activation.GeluQuick, Bounds = bounds },
                            _ => block,
                        }),
                    ],
                },
            ]);
        });
        return blueprint with
        {
            LongestContext = (int)Math.Min(seen, int.MaxValue),
            UnusedTensors =
            [
                .. blueprint.UnusedTensors,
                .. Enumerable.Range(0, transformer.Layers).Select(i => string.Create(CultureInfo.InvariantCulture, $"blk.{i}.indexer.")),
            ],
        };
    }

    /// <summary>Trinity (AFMoE): a gate on what is attended to, norms after each branch, a scaled embedding.</summary>
    public static Blueprint ReadAfmoe(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        int window = header.Number("attention.sliding_window", 0);
        bool[] windowed = window > 0 ? transformer.Windowed(4) : new bool[transformer.Layers];
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(WithHeadNorms(transformer, layer, (layer + 1) % 4 != 0 ? rotary : null) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
                Gate = new AttentionGate(Activation.Sigmoid, TensorScale: false),
            })
            {
                PostNorm = transformer.RmsNorm("post_attention_norm"),
            },
            experts.Branch(layer, router) with { PostNorm = transformer.RmsNorm("post_ffw_norm") },
        ])) with
        {
            Embedding = new EmbeddingBlueprint { Scale = MathF.Sqrt(transformer.Embedding) },
        };
    }

    /// <summary>Laguna: gates through softplus; windowed layers have heads and a plain rotation of their own.</summary>
    public static Blueprint ReadLaguna(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        var plain = new RotaryBlueprint
        {
            Kind = RotaryKind.NeoX,
            Dimensions = header.Count("rope.dimension_count_swa", rotary.Dimensions),
            Base = header.Single("rope.freq_base_swa", rotary.Base),
        };
        int window = header.Number("attention.sliding_window", 0);
        bool[] windowed = window > 0 ? transformer.Windowed(4, denseFirst: true) : new bool[transformer.Layers];
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(WithHeadNorms(transformer, layer, windowed[layer] ? plain : rotary) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
                Gate = new AttentionGate(Activation.Softplus, PerHead: RowsOf(header, layer, "attn_gate.weight") == transformer.Heads(layer), TensorScale: false),
            }),
            experts.Branch(layer, router),
        ]));
    }

    /// <summary>MiMo-V2: heads of values narrower than of keys, sinks where the file has them, heads that differ by layer.</summary>
    public static Blueprint ReadMimo2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RotaryBlueprint windowedRotary = rotary with { Base = header.Single("rope.freq_base_swa", rotary.Base) };
        float valueScale = header.Single("attention.value_scale", 0);
        bool[] windowed = transformer.Windowed(0);
        int window = header.Count("attention.sliding_window");
        RouterBlueprint router = experts.Router(ExpertGating.Sigmoid, normalize: true);
        return transformer.Without(transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, windowed[layer] ? windowedRotary : rotary) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
                Sinks = transformer.Has(layer, "attn_sinks.weight"),
            })
            {
                Scale = valueScale == 0 ? 1 : valueScale,
            },
            experts.Branch(layer, router),
        ])), TransformerHeader.DenseTensors);
    }

    /// <summary>Step-3.5: a gate for each head, bounds of experts in some layers, half of a head rotated where all is seen.</summary>
    public static Blueprint ReadStep35(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint read = transformer.Rotary(RotaryKind.NeoX);
        RotaryBlueprint rotary = read with { Dimensions = read.Dimensions / 2 };
        RotaryBlueprint windowedRotary = read with
        {
            Base = header.Single("rope.freq_base_swa", read.Base),
            Dimensions = header.Count("rope.dimension_count_swa", read.Dimensions),
            FactorsTensor = null,
            LongFactorsTensor = null,
        };
        bool[] windowed = transformer.Windowed(0);
        int window = header.Count("attention.sliding_window");
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, windowed[layer] ? windowedRotary : rotary) with
            {
                QueryNorm = transformer.Has(layer, "attn_q_norm.weight") ? transformer.HeadNorm("attn_q_norm") : null,
                KeyNorm = transformer.Has(layer, "attn_k_norm.weight") ? transformer.HeadNorm("attn_k_norm") : null,
                Window = windowed[layer] ? new AttentionWindow(window) : null,
                Gate = transformer.Has(layer, "attn_gate.weight") ? new AttentionGate(Activation.Sigmoid, PerHead: true) : null,
            }),
            experts.BoundedBranch(layer, router),
        ]));
    }

    /// <summary>Command A (MoE): attention and experts side by side; unwindowed layers beyond the dense ones are not rotated.</summary>
    public static Blueprint ReadCohere2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        bool[] windowed = transformer.Windowed(4, denseFirst: header.HasKey("attention.sliding_window_pattern"));
        int window = header.Count("attention.sliding_window");
        int dense = header.Number("leading_dense_block_count", 0);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer =>
        {
            AttentionBlueprint attention = transformer.Attention(layer, windowed[layer] || layer < dense ? rotary : null) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            };
            BranchBlueprint second = experts.Branch(layer, router);
            return new LayerBlueprint([
                new BranchBlueprint(attention),
                second with
                {
                    Input = BranchInput.LayerInput,
                    Blocks = [.. second.Blocks.Select(b => b with { Norm = attention.Norm })],
                    Scale = second.Blocks.Length > 1 ? 0.5f : 1,
                },
            ]);
        }) with
        {
            LogitScale = header.Single("logit_scale"),
        };
    }

    /// <summary>
    /// Mellum 2: windowed layers rotate unscaled, the others as the metadata say. A base of the windowed layers' own, which
    /// the metadata may hold, is heeded by nobody.
    /// </summary>
    public static Blueprint ReadMellum(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        var plain = new RotaryBlueprint
        {
            Kind = RotaryKind.NeoX,
            Dimensions = rotary.Dimensions,
            Base = rotary.Base,
        };
        int window = header.Number("attention.sliding_window", 0);
        bool[] windowed = window > 0 ? transformer.Windowed(4) : new bool[transformer.Layers];
        float scale = header.Single("expert_weights_scale", 0);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true) with { WeightScale = scale == 0 ? 1 : scale };
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(WithHeadNorms(transformer, layer, windowed[layer] ? plain : rotary) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            }),
            experts.Branch(layer, router),
        ]));
    }

    /// <summary>Maple: windowed layers alone are rotated; experts are bounded.</summary>
    public static Blueprint ReadMaple(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint read = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RotaryBlueprint rotary = read with
        {
            Base = header.Single("rope.freq_base_swa", read.Base),
            Dimensions = header.Count("rope.dimension_count_swa", read.Dimensions),
        };
        bool[] windowed = transformer.Windowed(0);
        int window = header.Count("attention.sliding_window");
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(WithHeadNorms(transformer, layer, windowed[layer] ? rotary : null) with
            {
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            }),
            experts.Branch(layer, router, e => e with { Bounds = experts.Bounds(layer, "swiglu_clamp_exp", afterActivation: false) }),
        ]));
    }

    private static AttentionBlueprint WithHeadNorms(TransformerHeader transformer, int layer, RotaryBlueprint? rotary) =>
        transformer.Attention(layer, rotary) with
        {
            QueryNorm = transformer.HeadNorm("attn_q_norm"),
            KeyNorm = transformer.HeadNorm("attn_k_norm"),
        };

    private static long RowsOf(ModelHeader header, int layer, string name) =>
        header.Tensors.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}"), out GgufTensor? tensor)
            ? tensor.RowCount
            : 0;
}
