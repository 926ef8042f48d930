using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>How an expert's score becomes its weight.</summary>
public enum ExpertGating
{
    /// <summary>Softmax over all experts (Mixtral, Qwen, DeepSeek-V2).</summary>
    Softmax,

    /// <summary>Each score for itself: <c>1 / (1 + e^−x)</c> (DeepSeek-V3, Llama 4).</summary>
    Sigmoid,

    /// <summary>Softmax over the chosen experts only (gpt-oss).</summary>
    SoftmaxOfChosen,

    /// <summary><c>√(ln(1 + e^x))</c> (DeepSeek-V4).</summary>
    SqrtSoftplus,
}

/// <summary>What a router reads.</summary>
public enum RouterInput
{
    /// <summary>What the experts read: the normalised residual stream.</summary>
    Block,

    /// <summary>The residual stream as it came into the layer, before attention, not normalised (SmallThinker).</summary>
    Layer,

    /// <summary>
    /// The residual stream as the block finds it, with a norm of the router's own, whose weights are
    /// <c>ffn_gate_inp.scale</c>, and divided by the root of its length (Gemma 4).
    /// </summary>
    Stream,
}

/// <summary>Which experts a token goes to, and how much each says.</summary>
public sealed record RouterBlueprint
{
    /// <summary>How scores become weights.</summary>
    public required ExpertGating Gating { get; init; }

    /// <summary>The weights of the chosen experts are divided by their sum.</summary>
    public bool NormalizeWeights { get; init; }

    /// <summary>Multiplies the weights, after they were normalised.</summary>
    public float WeightScale { get; init; } = 1;

    /// <summary>Scores have a bias (<c>ffn_gate_inp.bias</c>).</summary>
    public bool Bias { get; init; }

    /// <summary>
    /// Weights have a bias while experts are chosen, and not after (<c>exp_probs_b.bias</c>): it balances the experts'
    /// load (DeepSeek-V3, arXiv 2412.19437, section 2.1.2).
    /// </summary>
    public bool SelectionBias { get; init; }

    /// <summary>Groups the experts lie in; 1 for none. Divides the experts into groups of at least two.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>
    /// Groups a token may choose experts from: those with the largest sum of their two best experts' biased weights.
    /// </summary>
    public int GroupsUsed { get; init; } = 1;

    /// <summary>What the router reads.</summary>
    public RouterInput Input { get; init; }

    /// <summary>What the router's own norm adds under the root, where it has one.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>An expert's weight multiplies what it reads, not what it yields (Llama 4).</summary>
    public bool WeightsInputs { get; init; }

    internal void Describe(FeatureList features)
    {
        features.Add("router-gating", Gating switch
        {
            ExpertGating.Softmax => "softmax",
            ExpertGating.Sigmoid => "sigmoid",
            ExpertGating.SoftmaxOfChosen => "softmax of chosen",
            _ => "sqrt-softplus",
        });
        features.Add("router-normalized", NormalizeWeights);
        features.AddUnless(WeightScale == 1, "router-scale", WeightScale);
        features.AddUnless(!Bias, "router-bias", "yes");
        features.AddUnless(!SelectionBias, "router-selection-bias", "yes");
        features.AddUnless(Groups == 1, "router-groups", string.Create(CultureInfo.InvariantCulture, $"{GroupsUsed} of {Groups}"));
        features.AddUnless(Input == RouterInput.Block, "router-input", Input == RouterInput.Layer ? "layer input" : "stream, own norm");
        features.AddUnless(!WeightsInputs, "router-weights", "before the experts");
    }
}
