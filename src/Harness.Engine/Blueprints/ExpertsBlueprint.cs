using System.Globalization;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// A mixture of experts: a router sends each token to a few of many feed-forwards of one shape, whose results are
/// summed by weight (Shazeer et al., 2017). A shared expert, which every token goes to, is a
/// <see cref="FeedForwardBlueprint"/> beside it in the same branch.
/// </summary>
public sealed record ExpertsBlueprint : BlockBlueprint
{
    /// <summary>Experts.</summary>
    public required int Count { get; init; }

    /// <summary>Experts a token goes to.</summary>
    public required int Used { get; init; }

    /// <summary>An expert's inner width.</summary>
    public required int Length { get; init; }

    /// <summary>How a token's experts are chosen.</summary>
    public required RouterBlueprint Router { get; init; }

    /// <summary>The function between an expert's projections.</summary>
    public Activation Activation { get; init; }

    /// <summary>Where an expert's gate is.</summary>
    public FeedForwardGate Gate { get; init; } = FeedForwardGate.Split;

    /// <summary>Bounds of what the projections yield.</summary>
    public GateBounds? Bounds { get; init; }

    /// <summary>The projections add biases, one row an expert.</summary>
    public bool Bias { get; init; }

    /// <summary>
    /// The <c>.scale</c> tensors a file may hold beside its projections, one value an expert, are applied. In llama.cpp's
    /// graphs of most families they are not.
    /// </summary>
    public bool TensorScales { get; init; }

    /// <summary>
    /// Width of what the experts read and yield, when it is not the residual stream's: <c>ffn_latent_down</c> leads there
    /// and <c>ffn_latent_up</c> back. 0 for none.
    /// </summary>
    public int LatentLength { get; init; }

    /// <summary>Further feed-forwards that the experts' results go through; null for none.</summary>
    public ExpertChunks? Chunks { get; init; }

    internal override bool ReadsLayerInput => Router.Input == RouterInput.Layer;

    internal override BlockWeights Bind(LayerBinder binder) => ExpertWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("experts", Count);
        features.Add("experts-used", Used);
        features.Add("expert-length", Length);
        features.Add("expert-feed-forward", (Gate == FeedForwardGate.None ? string.Empty : "gated-") + ActivationNames.Of(Activation));
        features.AddUnless(Gate != FeedForwardGate.FirstHalfOfUp, "expert-gate-up", "fused");
        features.AddUnless(!Bias, "expert-bias", "yes");
        features.AddUnless(Bounds is null, "expert-bounds", Bounds?.Name);
        features.AddUnless(LatentLength == 0, "expert-latent-length", LatentLength);
        features.AddUnless(Chunks is null, "expert-chunks", Chunks?.Name);
        Router.Describe(features);
    }
}

/// <summary>
/// Adjugate experts (GroveMoE): the weighted sum of a token's experts goes through one smaller feed-forward for each of
/// them, which the experts of a chunk share, and what those yield is added.
/// </summary>
/// <param name="ExpertsOfChunk">Experts of a chunk; as many follow one another.</param>
/// <param name="Length">Inner width.</param>
/// <param name="Scale">Multiplies what is added.</param>
public sealed record ExpertChunks(int ExpertsOfChunk, int Length, float Scale)
{
    internal string Name => string.Create(CultureInfo.InvariantCulture, $"of {ExpertsOfChunk}, length {Length}, scale {Scale}");
}
