using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The matrices of feed-forwards of one shape, one of each for each expert.</summary>
/// <param name="Gate">Gates; null where there are none, or where they are part of <paramref name="Up"/>.</param>
/// <param name="Up">Up projections.</param>
/// <param name="Down">Down projections.</param>
internal sealed record ExpertMatrices(Projection[]? Gate, Projection[] Up, Projection[] Down)
{
    /// <summary>Finds them.</summary>
    /// <param name="experts">Gate, biases, scales.</param>
    /// <param name="suffix">Follows the tensors' names: <c>_exps</c>.</param>
    /// <param name="count">How many.</param>
    /// <param name="length">Their inner width.</param>
    /// <param name="width">Width of what they read and yield.</param>
    /// <param name="binder">The layer's tensors.</param>
    public static ExpertMatrices Bind(ExpertsBlueprint experts, string suffix, int count, int length, int width, LayerBinder binder)
    {
        bool fused = experts.Gate == FeedForwardGate.FirstHalfOfUp;
        Projection[] Each(string name, int rows, int columns) => ExpertMatrices.Each(binder, experts, count, name + suffix, rows, columns);
        return new ExpertMatrices(
            experts.Gate == FeedForwardGate.Split ? Each("ffn_gate", length, width) : null,
            fused ? Each("ffn_gate_up", 2 * length, width) : Each("ffn_up", length, width),
            Each("ffn_down", width, length));
    }

    /// <summary>The experts' own matrices of a tensor, with their rows of its bias and their values of its scale.</summary>
    private static unsafe Projection[] Each(LayerBinder binder, ExpertsBlueprint experts, int count, string name, int rows, int columns)
    {
        WeightMatrix[] matrices = binder.Matrices(name + ".weight", count, rows, columns);
        float* biases = experts.Bias ? binder.Values(name + ".bias", (long)rows * count) : null;
        float* scales = binder.Has(name + ".scale") ? binder.Values(name + ".scale", count) : null;
        var projections = new Projection[count];
        for (int e = 0; e < projections.Length; e++)
        {
            projections[e] = binder.Model.Map(
                matrices[e],
                scales is null || !experts.TensorScales ? 1 : scales[e],
                biases is null ? null : biases + ((long)e * rows),
                scaleAfterBias: false);
        }

        return projections;
    }
}
