using System.Collections.Immutable;
using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Engine.Architectures;

/// <summary>
/// The metadata and tensors of mixtures of experts. Widths are those of the tensors there are, since the keys that state
/// them differ between families; which layers have experts is known by their routers.
/// </summary>
internal sealed class ExpertsHeader
{
    private const int LargestWidth = 1 << 24;
    private readonly TransformerHeader transformer;
    private readonly bool tensorScales;

    /// <summary>Reads the counts.</summary>
    /// <param name="transformer">The shared keys.</param>
    /// <param name="tensorScales">Scales beside the tensors of feed-forwards are applied; see <see cref="ExpertsBlueprint.TensorScales"/>.</param>
    /// <exception cref="ModelException">The counts contradict one another.</exception>
    /// <exception cref="GgufException">A count is missing.</exception>
    public ExpertsHeader(TransformerHeader transformer, bool tensorScales = false)
    {
        this.transformer = transformer;
        this.tensorScales = tensorScales;
        Count = Header.Count("expert_count");
        Used = Header.Count("expert_used_count");
        Groups = Math.Max(1, Header.Number("expert_group_count", 1));
        GroupsUsed = Groups == 1 ? 1 : Header.Count("expert_group_used_count");
        int size = Count / Groups;
        if (Used > Count || Groups > 1 && (Count % Groups != 0 || size < 2 || GroupsUsed >= Groups || GroupsUsed * size < Used))
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"The header claims {Used} of {Count} experts, from {GroupsUsed} of {Groups} groups; that is no choice that can be made."));
        }
    }

    private int Count { get; }

    private int Used { get; }

    private int Groups { get; }

    private int GroupsUsed { get; }

    private ModelHeader Header => transformer.Header;

    /// <summary>A router of an architecture whose files do not state how it weights.</summary>
    public RouterBlueprint Router(ExpertGating gating, bool normalize) => new()
    {
        Gating = gating,
        NormalizeWeights = normalize,
        Groups = Groups,
        GroupsUsed = GroupsUsed,
    };

    /// <summary>A router as the metadata states it.</summary>
    /// <param name="otherwise">The gating where it does not say.</param>
    public RouterBlueprint StatedRouter(ExpertGating otherwise)
    {
        float scale = Header.Single("expert_weights_scale", 0);
        return Router(StatedGating(otherwise), Header.Flag("expert_weights_norm")) with { WeightScale = scale == 0 ? 1 : scale };
    }

    /// <summary>The gating that the metadata states.</summary>
    public ExpertGating StatedGating(ExpertGating otherwise) => Header.Number("expert_gating_func", 0) switch
    {
        0 => otherwise,
        1 => ExpertGating.Softmax,
        2 => ExpertGating.Sigmoid,
        3 => ExpertGating.SoftmaxOfChosen,
        4 => ExpertGating.SqrtSoftplus,
        int other => throw new UnsupportedModelException(string.Create(
            CultureInfo.InvariantCulture,
            $"The built-in engine does not know the expert gating {other} ({Header.Prefixed("expert_gating_func")}); it knows 1 to 4.")),
    };

    /// <summary>A layer's experts; norm <c>ffn_norm</c>, gated with SiLU.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="router">The router; its biases are taken from the tensors there are.</param>
    public ExpertsBlueprint Experts(int layer, RouterBlueprint router) => new()
    {
        Norm = transformer.FeedForwardNorm,
        Count = Count,
        Used = Used,
        Length = LengthOf(layer, "ffn_down_exps.weight"),
        Gate = transformer.Has(layer, "ffn_gate_up_exps.weight") ? FeedForwardGate.FirstHalfOfUp
            : transformer.Has(layer, "ffn_gate_exps.weight") ? FeedForwardGate.Split
            : FeedForwardGate.None,
        Bias = transformer.Has(layer, "ffn_down_exps.bias"),
        TensorScales = tensorScales,
        Router = router with
        {
            Bias = transformer.Has(layer, "ffn_gate_inp.bias"),
            SelectionBias = transformer.Has(layer, "exp_probs_b.bias") || transformer.Has(layer, "exp_probs_b"),
        },
    };

    /// <summary>A layer's adjugate experts.</summary>
    /// <param name="layer">The layer.</param>
    /// <exception cref="ModelException">Experts cannot be parted as the metadata says.</exception>
    public ExpertChunks Chunks(int layer)
    {
        int size = Header.Count("experts_per_group");
        return Count % size == 0 && Used <= Count / size
            ? new ExpertChunks(size, LengthOf(layer, "ffn_down_chexps.weight"), Header.Single("expert_group_scale"))
            : throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"{Count} experts, of which {Used} are used, cannot be parted into chunks of {size}."));
    }

    /// <summary>The shared expert of a layer that has one, else null.</summary>
    /// <param name="layer">The layer.</param>
    public FeedForwardBlueprint? SharedExpert(int layer) => !transformer.Has(layer, "ffn_down_shexp.weight") ? null : new()
    {
        Norm = transformer.FeedForwardNorm,
        Length = LengthOf(layer, "ffn_down_shexp.weight"),
        Gate = transformer.Has(layer, "ffn_gate_shexp.weight") ? FeedForwardGate.Split : FeedForwardGate.None,
        TokenGate = transformer.Has(layer, "ffn_gate_inp_shexp.weight") ? "ffn_gate_inp_shexp" : null,
        TensorSuffix = "_shexp",
        TensorScales = tensorScales,
    };

    /// <summary>
    /// The second branch of a layer: experts and the shared expert where the layer has a router, else a dense feed-forward.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="router">The router.</param>
    /// <param name="change">What the architecture's experts have otherwise.</param>
    public BranchBlueprint Branch(int layer, RouterBlueprint router, Func<ExpertsBlueprint, ExpertsBlueprint>? change = null)
    {
        if (!transformer.Has(layer, "ffn_gate_inp.weight"))
            return new BranchBlueprint(transformer.FeedForward(layer) with { TensorScales = tensorScales });
        ExpertsBlueprint experts = Experts(layer, router);
        ImmutableArray<BlockBlueprint> blocks = [change is null ? experts : change(experts)];
        return new BranchBlueprint(SharedExpert(layer) is { } shared ? blocks.Add(shared) : blocks);
    }

    /// <summary>The second branches of an architecture whose models may have experts or not.</summary>
    /// <param name="transformer">The shared keys.</param>
    /// <param name="router">How its routers weight.</param>
    /// <param name="tensorScales">As in the constructor.</param>
    /// <returns>What makes a layer's branch.</returns>
    public static Func<int, BranchBlueprint> Branches(
        TransformerHeader transformer, Func<ExpertsHeader, RouterBlueprint> router, bool tensorScales = false)
    {
        if (transformer.Header.Number("expert_count", 0u) == 0)
            return layer => new BranchBlueprint(transformer.FeedForward(layer) with { TensorScales = tensorScales });
        var experts = new ExpertsHeader(transformer, tensorScales);
        RouterBlueprint chosen = router(experts);
        return layer => experts.Branch(layer, chosen);
    }

    /// <summary>The same with the bounds that the metadata states for a layer's experts and its other feed-forwards.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="router">The router.</param>
    public BranchBlueprint BoundedBranch(int layer, RouterBlueprint router)
    {
        GateBounds? bounds = Bounds(layer, "swiglu_clamp_exp");
        GateBounds? otherBounds = Bounds(layer, "swiglu_clamp_shexp");
        BranchBlueprint branch = Branch(layer, router);
        return branch with
        {
            Blocks =
            [
                .. branch.Blocks.Select(block => block switch
                {
                    ExpertsBlueprint experts => experts with { Bounds = bounds },
                    FeedForwardBlueprint other => other with { Bounds = otherBounds },
                    _ => block,
                }),
            ],
        };
    }

    /// <summary>Bounds of a layer, which the metadata states once for all or for each; null for none.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="key">The key.</param>
    /// <param name="afterActivation">The gate is bounded after its function.</param>
    public GateBounds? Bounds(int layer, string key, bool afterActivation = true)
    {
        float bound = Header.SinglesPerLayer(Header.Prefixed(key), transformer.Layers)?[layer] ?? 0;
        return bound > 0 ? new GateBounds(bound, afterActivation) : null;
    }

    // Inner widths are the lengths of the down projections' rows.
    private int LengthOf(int layer, string name)
    {
        string whole = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}");
        if (!Header.Tensors.TryGetValue(whole, out GgufTensor? tensor))
            throw new ModelException($"The tensor '{whole}' is missing.");
        return tensor.RowLength is > 0 and <= LargestWidth
            ? (int)tensor.RowLength
            : throw new ModelException(string.Create(CultureInfo.InvariantCulture, $"The tensor '{whole}' has rows of {tensor.RowLength} values."));
    }
}
