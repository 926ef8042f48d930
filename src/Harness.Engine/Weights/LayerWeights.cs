using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>One layer's tensors.</summary>
internal sealed unsafe class LayerWeights
{
    public required BranchWeights[] Branches { get; init; }

    /// <summary>Multiplies the residual stream after the layer.</summary>
    public required float Scale { get; init; }

    /// <summary>What it does with streams beside the residual stream, or null.</summary>
    public required AltUpLayerWeights? AltUp { get; init; }

    /// <summary>Normalises the residual stream after the layer, or null.</summary>
    public required Norm? FinalNorm { get; init; }

    public static LayerWeights Bind(LayerBlueprint layer, LayerBinder binder) => new()
    {
        AltUp = layer.AltUp is { } altUp ? AltUpLayerWeights.Bind(altUp, binder) : null,
        FinalNorm = layer.FinalNorm is { } norm ? binder.Model.Norm(norm, string.Empty, binder.Embedding) : null,
        Branches = [.. layer.Branches.Select(branch => BindBranch(branch, binder))],
        Scale = layer.Scale * ValueOf(layer.ScaleTensor, binder),
    };

    private static BranchWeights BindBranch(BranchBlueprint branch, LayerBinder binder)
    {
        var norms = new Dictionary<NormBlueprint, Norm>();
        var blocks = new BlockWeights[branch.Blocks.Length];
        var blockNorms = new Norm?[blocks.Length];
        for (int i = 0; i < blocks.Length; i++)
        {
            // Blocks with the same norm share what it yields.
            if (branch.Blocks[i].Norm is { } norm)
            {
                if (!norms.TryGetValue(norm, out Norm? known))
                    norms.Add(norm, known = binder.Norm(norm, binder.Embedding));
                blockNorms[i] = known;
            }

            blocks[i] = branch.Blocks[i].Bind(binder);
        }

        return new BranchWeights
        {
            Blocks = blocks,
            BlockNorms = blockNorms,
            YieldNorms = [.. branch.Blocks.Select(block => binder.Norm(block.YieldNorm))],
            PostNorm = binder.Norm(branch.PostNorm),
            HyperConnection = branch.HyperConnection is { } hyper ? binder.HyperConnection(hyper) : null,
            NormedResidual = branch.NormedResidual,
            StreamScale = branch.StreamScale,
            Scale = branch.Scale * ValueOf(branch.ScaleTensor, binder),
        };
    }

    private static float ValueOf(string? tensor, LayerBinder binder)
    {
        if (tensor is null)
            return 1;
        float* value = binder.Values(tensor, 1);
        return value is null ? 1 : *value;
    }
}

/// <summary>A branch's tensors.</summary>
internal sealed class BranchWeights
{
    public required BlockWeights[] Blocks { get; init; }

    /// <summary>The norm of each block's input; the same object where blocks share it.</summary>
    public required Norm?[] BlockNorms { get; init; }

    /// <summary>The norm of what each block yields, or null.</summary>
    public required Norm?[] YieldNorms { get; init; }

    public required Norm? PostNorm { get; init; }

    public required HyperConnectionWeights? HyperConnection { get; init; }

    /// <summary>Of the norm, what takes the residual stream's place; 0 for the stream itself.</summary>
    public required float NormedResidual { get; init; }

    /// <summary>Multiplies the residual stream after the branch.</summary>
    public required float StreamScale { get; init; }

    public required float Scale { get; init; }
}

/// <summary>A block's tensors.</summary>
internal abstract class BlockWeights
{
    /// <summary>Makes what computes the block in one session.</summary>
    public abstract Block Create(BlockContext context);
}
