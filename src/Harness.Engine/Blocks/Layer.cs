using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="LayerBlueprint"/>.</summary>
internal sealed unsafe class Layer
{
    private readonly Panel panel;
    private readonly ComputePool pool;
    private readonly ResidualBranch[] branches;
    private readonly AltUpLayer? altUp;
    private readonly RowsLayout residual;
    private readonly RowsLayout layerInput;
    private readonly bool keepsInput;
    private readonly ReasoningStream? keeps;
    private readonly bool joins;
    private readonly RowsLayout high;
    private readonly RowsLayout low;
    private readonly ParallelBody join;
    private readonly ParallelBody keepStream;
    private readonly float scale;
    private readonly int embedding;
    private readonly ParallelBody keep;
    private readonly ParallelBody multiply;
    private readonly ParallelBody normalise;
    private readonly Norm? finalNorm;
    private readonly IPrimitives primitives;

    public Layer(LayerBlueprint blueprint, LayerWeights weights, RowsLayout residual, RowsLayout embedded, BlockContext context)
    {
        panel = context.Panel;
        pool = context.Pool;
        embedding = context.Blueprint.EmbeddingLength;
        this.residual = residual;
        scale = weights.Scale;
        keepsInput = blueprint.Branches.Any(b => b.Input == BranchInput.LayerInput) || blueprint.Blocks.Any(b => b.ReadsLayerInput);
        if (keepsInput)
            layerInput = context.SharedRows(BlockContext.LayerInput, embedding);
        altUp = weights.AltUp is { } updates ? new AltUpLayer(updates, residual, context) : null;
        branches = new ResidualBranch[weights.Branches.Length];
        for (int i = 0; i < branches.Length; i++)
        {
            RowsLayout input = blueprint.Branches[i].Input switch
            {
                BranchInput.LayerInput => layerInput,
                BranchInput.Embedding => embedded,
                _ => residual,
            };
            branches[i] = new ResidualBranch(weights.Branches[i], residual, input, context);
        }

        joins = blueprint.JoinsStreams;
        keeps = blueprint.Keeps;
        if (joins || keeps is not null)
        {
            high = context.SharedRows(BlockContext.HighStream, embedding);
            low = context.SharedRows(BlockContext.LowStream, embedding);
        }

        join = Join;
        keepStream = KeepStream;
        keep = Keep;
        multiply = Multiply;
        normalise = Normalise;
        finalNorm = weights.FinalNorm;
        primitives = context.Primitives;
    }

    public void Run()
    {
        altUp?.Predict();
        if (joins)
            pool.Run(panel.Tokens, join);
        if (keepsInput)
            pool.Run(panel.Tokens, keep);
        foreach (ResidualBranch branch in branches)
            branch.Run();
        if (scale != 1)
            pool.Run(panel.Tokens, multiply);
        if (finalNorm is not null)
            pool.Run(panel.Tokens, normalise);
        if (keeps is not null)
            pool.Run(panel.Tokens, keepStream);
        altUp?.Correct();
    }

    public void StartOver()
    {
        foreach (ResidualBranch branch in branches)
            branch.StartOver();
    }

    private void Keep(int token, int worker) => Copy(residual, layerInput, token);

    private void KeepStream(int token, int worker) => Copy(residual, keeps == ReasoningStream.High ? high : low, token);

    private void Join(int token, int worker)
    {
        Copy(high, residual, token);
        primitives.Add(panel.Rows(residual)[token], panel.Rows(low)[token], embedding);
    }

    private void Copy(RowsLayout from, RowsLayout to, int token) =>
        new ReadOnlySpan<float>(panel.Rows(from)[token], embedding).CopyTo(new Span<float>(panel.Rows(to)[token], embedding));

    private void Multiply(int token, int worker)
    {
        float* row = panel.Rows(residual)[token];
        for (int i = 0; i < embedding; i++)
            row[i] *= scale;
    }

    private void Normalise(int token, int worker)
    {
        float* row = panel.Rows(residual)[token];
        finalNorm!.Apply(primitives, row, row);
    }
}
