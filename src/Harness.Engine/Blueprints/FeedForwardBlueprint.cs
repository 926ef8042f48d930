using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>How a feed-forward's first projections are stored.</summary>
public enum FeedForwardGate
{
    /// <summary>There is no gate: <c>down(f(up(x)))</c>.</summary>
    None,

    /// <summary>A matrix of its own: <c>down(f(gate(x)) × up(x))</c> (Shazeer, 2020).</summary>
    Split,

    /// <summary>The first half of the rows of the up projection.</summary>
    FirstHalfOfUp,
}

/// <summary>A feed-forward block.</summary>
public sealed record FeedForwardBlueprint : BlockBlueprint
{
    /// <summary>Its inner width.</summary>
    public required int Length { get; init; }

    /// <summary>The function between the projections.</summary>
    public Activation Activation { get; init; }

    /// <summary>xIELU in the activation's stead; null for none.</summary>
    public XieluParameters? Xielu { get; init; }

    /// <summary>Where the gate is.</summary>
    public FeedForwardGate Gate { get; init; } = FeedForwardGate.Split;

    /// <summary>Its projections add biases, where the file has them.</summary>
    public bool Bias { get; init; }

    /// <summary>
    /// The <c>.scale</c> tensors a file may hold beside its projections are applied. In llama.cpp's graphs of most families
    /// they are not.
    /// </summary>
    public bool TensorScales { get; init; }

    /// <summary>
    /// Before the activation each of the gate's values loses their mean and this many of their standard deviations, and
    /// what is negative then is zero (Gemma 3n); null for all values as they are.
    /// </summary>
    public float? SparsityDeviations { get; init; }

    /// <summary>The layer's tensor that the activation's values are divided by, one divisor a value (AWQ's scales in MPT); null for none.</summary>
    public string? DivisorTensor { get; init; }

    /// <summary>Normalises what the down projection reads.</summary>
    public NormBlueprint? SubNorm { get; init; }

    /// <summary>Bounds of what the first projections yield.</summary>
    public GateBounds? Bounds { get; init; }

    /// <summary>The result is multiplied by the sigmoid of this vector's product with the input: <c>ffn_gate_inp_shexp</c>.</summary>
    public string? TokenGate { get; init; }

    /// <summary>Follows the names of the tensors: <c>_shexp</c>.</summary>
    public string TensorSuffix { get; init; } = string.Empty;

    internal override BlockWeights Bind(LayerBinder binder) => FeedForwardWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        if (TensorSuffix.Length > 0)
        {
            features.Add("shared-expert", (Gate == FeedForwardGate.None ? string.Empty : "gated-") + ActivationNames.Of(Activation));
            features.Add("shared-expert-length", Length);
            features.AddUnless(TokenGate is null, "shared-expert-gate", "sigmoid");
            features.AddUnless(Bounds is null, "shared-expert-bounds", Bounds?.Name);
            return;
        }

        features.Add("feed-forward", (Gate == FeedForwardGate.None ? string.Empty : "gated-") + (Xielu is null ? ActivationNames.Of(Activation) : "xielu"));
        features.Add("feed-forward-length", Length);
        features.Add("feed-forward-bias", Bias);
        features.AddUnless(Gate != FeedForwardGate.FirstHalfOfUp, "gate-up", "fused");
        features.AddUnless(Bounds is null, "feed-forward-bounds", Bounds?.Name);
        features.AddUnless(SparsityDeviations is null, "feed-forward-sparsity", SparsityDeviations ?? 0);
        features.AddUnless(DivisorTensor is null, "feed-forward-divisors", "yes");
        features.AddUnless(SubNorm is null, "feed-forward-sub-norm", SubNorm?.Name);
    }
}
