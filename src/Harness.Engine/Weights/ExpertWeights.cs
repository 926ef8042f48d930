using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a mixture of experts.</summary>
internal sealed unsafe class ExpertWeights : BlockWeights
{
    public required ExpertsBlueprint Blueprint { get; init; }

    /// <summary>One row an expert.</summary>
    public required Projection Router { get; init; }

    /// <summary>One value an expert, or null.</summary>
    public required float* SelectionBias { get; init; }

    /// <summary>To what the experts read, or null where they read the block's own input.</summary>
    public required Projection? LatentDown { get; init; }

    /// <summary>Each expert's gate; null where there is none, or where it is part of <see cref="Up"/>.</summary>
    public required Projection[]? Gate { get; init; }

    public required Projection[] Up { get; init; }

    public required Projection[] Down { get; init; }

    /// <summary>Back from what the experts yield, or null.</summary>
    public required Projection? LatentUp { get; init; }

    public static ExpertWeights Bind(ExpertsBlueprint experts, LayerBinder binder)
    {
        int embedding = binder.Embedding;
        int width = experts.LatentLength > 0 ? experts.LatentLength : embedding;
        bool fused = experts.Gate == FeedForwardGate.FirstHalfOfUp;
        string suffix = experts.TensorSuffix;
        return new ExpertWeights
        {
            Blueprint = experts,
            Router = binder.Project("ffn_gate_inp", experts.Count, embedding, experts.Router.Bias),
            SelectionBias = experts.Router.SelectionBias ? SelectionBiasOf(experts, binder) : null,
            LatentDown = experts.LatentLength > 0 ? binder.Project("ffn_latent_down", width, embedding, bias: false) : null,
            Gate = experts.Gate == FeedForwardGate.Split ? Each(binder, experts, "ffn_gate" + suffix, experts.Length, width) : null,
            Up = fused
                ? Each(binder, experts, "ffn_gate_up" + suffix, 2 * experts.Length, width)
                : Each(binder, experts, "ffn_up" + suffix, experts.Length, width),
            Down = Each(binder, experts, "ffn_down" + suffix, width, experts.Length),
            LatentUp = experts.LatentLength > 0 ? binder.Project("ffn_latent_up", embedding, width, bias: false) : null,
        };
    }

    public override Block Create(BlockContext context) => new ExpertsBlock(this, context);

    /// <summary>The experts' own matrices of a tensor, with their rows of its bias and their values of its scale.</summary>
    private static Projection[] Each(LayerBinder binder, ExpertsBlueprint experts, string name, int rows, int columns)
    {
        WeightMatrix[] matrices = binder.Matrices(name + ".weight", experts.Count, rows, columns);
        float* biases = experts.Bias ? binder.Values(name + ".bias", (long)rows * experts.Count) : null;
        float* scales = binder.Has(name + ".scale") ? binder.Values(name + ".scale", experts.Count) : null;
        var projections = new Projection[experts.Count];
        for (int e = 0; e < projections.Length; e++)
        {
            projections[e] = new Projection(
                matrices[e],
                scales is null || !experts.TensorScales ? 1 : scales[e],
                biases is null ? null : biases + ((long)e * rows),
                scaleAfterBias: false);
        }

        return projections;
    }

    // Converters have written it with and without the suffix.
    private static float* SelectionBiasOf(ExpertsBlueprint experts, LayerBinder binder) => binder.Values(
        binder.Has("exp_probs_b.bias") ? "exp_probs_b.bias" : "exp_probs_b", experts.Count);
}
