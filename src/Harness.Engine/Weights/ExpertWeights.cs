using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a mixture of experts.</summary>
internal sealed unsafe class ExpertWeights : BlockWeights
{
    public required ExpertsBlueprint Blueprint { get; init; }

    /// <summary>One row an expert.</summary>
    public required Projection Router { get; init; }

    /// <summary>Normalises what the router reads, where it has a norm of its own.</summary>
    public required Norm? RouterNorm { get; init; }

    /// <summary>One value an expert, or null.</summary>
    public required float* SelectionBias { get; init; }

    /// <summary>To what the experts read, or null where they read the block's own input.</summary>
    public required Projection? LatentDown { get; init; }

    public required ExpertMatrices Experts { get; init; }

    /// <summary>What the experts' results go through, or null.</summary>
    public required ExpertMatrices? Chunks { get; init; }

    /// <summary>Back from what the experts yield, or null.</summary>
    public required Projection? LatentUp { get; init; }

    public static ExpertWeights Bind(ExpertsBlueprint experts, LayerBinder binder)
    {
        int embedding = binder.Embedding;
        bool latent = experts.LatentLength > 0;

        // The tensor that multiplies a product elsewhere holds the weights of that norm.
        bool normed = experts.Router.Input == RouterInput.Stream;
        int width = latent ? experts.LatentLength : embedding;
        return new ExpertWeights
        {
            Blueprint = experts,
            Router = normed
                ? new Projection(binder.Matrix("ffn_gate_inp.weight", experts.Count, embedding), 1, null, scaleAfterBias: false)
                : binder.Project("ffn_gate_inp", experts.Count, embedding, experts.Router.Bias),
            RouterNorm = normed ? binder.Norm(new NormBlueprint(NormKind.Rms, experts.Router.NormEpsilon, "ffn_gate_inp.scale"), embedding) : null,
            SelectionBias = experts.Router.SelectionBias ? SelectionBiasOf(experts, binder) : null,
            LatentDown = latent ? binder.Project("ffn_latent_down", width, embedding, bias: false) : null,
            Experts = ExpertMatrices.Bind(experts, "_exps", experts.Count, experts.Length, width, binder),
            Chunks = experts.Chunks is { } chunks
                ? ExpertMatrices.Bind(experts, "_chexps", experts.Count / chunks.ExpertsOfChunk, chunks.Length, width, binder)
                : null,
            LatentUp = latent ? binder.Project("ffn_latent_up", embedding, width, bias: false) : null,
        };
    }

    public override Block Create(BlockContext context) => new ExpertsBlock(this, context);

    // Converters have written it with and without the suffix.
    private static float* SelectionBiasOf(ExpertsBlueprint experts, LayerBinder binder) => binder.Values(
        binder.Has("exp_probs_b.bias") ? "exp_probs_b.bias" : "exp_probs_b", experts.Count);
}
