namespace Harness.Engine.Blueprints;

/// <summary>What a feed-forward block computes.</summary>
public enum FeedForwardKind
{
    /// <summary><c>down(silu(gate(x)) × up(x))</c>, SwiGLU (Shazeer, 2020).</summary>
    GatedSilu,
}

/// <summary>A feed-forward block.</summary>
/// <param name="Kind">What it computes.</param>
/// <param name="Length">Its inner width.</param>
/// <param name="Bias">Its projections add biases.</param>
/// <param name="TensorScales">
/// The <c>.scale</c> tensors a file may hold beside its projections are applied. In llama.cpp's graphs of some families
/// they are not.
/// </param>
public sealed record FeedForwardBlueprint(FeedForwardKind Kind, int Length, bool Bias = false, bool TensorScales = true);
