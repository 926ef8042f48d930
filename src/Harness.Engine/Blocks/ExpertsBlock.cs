using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes an <see cref="ExpertsBlueprint"/>: the router chooses, the bank of experts computes.</summary>
internal sealed unsafe class ExpertsBlock : Block
{
    private readonly ExpertsBlueprint blueprint;
    private readonly ExpertWeights weights;
    private readonly ExpertBank bank;
    private readonly ExpertBank? chunks;
    private readonly RowsLayout routerInput;
    private readonly RowsLayout stream;
    private readonly RowsLayout scores;
    private readonly RowsLayout shares;
    private readonly RowsLayout latent;
    private readonly RowsLayout mixed;
    private readonly RowsLayout chunked;
    private readonly RowsLayout chunkShares;
    private readonly int[] chosen;
    private readonly int[] chosenChunks;
    private readonly ParallelBody normRouter;
    private readonly ParallelBody choose;
    private readonly ParallelBody chooseChunks;
    private readonly ParallelBody addChunks;

    public ExpertsBlock(ExpertWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        if (blueprint.ReadsLayerInput)
            routerInput = context.SharedRows(BlockContext.LayerInput, context.Blueprint.EmbeddingLength);
        if (weights.RouterNorm is not null)
        {
            stream = context.SharedRows(BlockContext.Residual, context.Blueprint.EmbeddingLength);
            routerInput = context.Rows(context.Blueprint.EmbeddingLength);
        }

        scores = context.Rows(blueprint.Count);
        shares = context.Rows(blueprint.Used);
        if (weights.LatentDown is not null)
            latent = context.Rows(blueprint.LatentLength);
        chosen = new int[Panel.Capacity * blueprint.Used];
        chosenChunks = [];
        bank = new ExpertBank(blueprint, weights.Experts, context);
        if (weights.Chunks is { } matrices)
        {
            chunks = new ExpertBank(blueprint, matrices, context);
            mixed = context.Rows(context.Blueprint.EmbeddingLength);
            chunked = context.Rows(context.Blueprint.EmbeddingLength);
            chunkShares = context.Rows(blueprint.Used);
            chosenChunks = new int[chosen.Length];
        }

        context.RequireThreadScratch(ExpertRouter.ScratchFloats(blueprint.Router, blueprint.Count));
        normRouter = NormRouter;
        choose = Choose;
        chooseChunks = ChooseChunks;
        addChunks = AddChunks;
    }

    protected override void Run()
    {
        if (weights.RouterNorm is not null)
            Pool.Run(Panel.Tokens, normRouter);
        Project(Matrices, weights.Router, blueprint.Router.Input == RouterInput.Block ? Input : Panel.Rows(routerInput), Panel.Rows(scores));
        if (weights.LatentDown is { } down)
            Project(Matrices, down, Input, Panel.Rows(latent));
        Matrices.Run();

        Pool.Run(Panel.Tokens, choose);
        if (chunks is not null)
        {
            bank.Run(Input, chosen, Panel.Rows(shares), Panel.Rows(mixed), add: false);
            Pool.Run(Panel.Tokens, chooseChunks);
            chunks.Run(Panel.Rows(mixed), chosenChunks, Panel.Rows(chunkShares), Panel.Rows(chunked), add: false);
            Pool.Run(Panel.Tokens, addChunks);
        }
        else if (weights.LatentUp is { } back)
        {
            bank.Run(Panel.Rows(latent), chosen, Panel.Rows(shares), Panel.Rows(latent), add: false);
            ProjectToOutput(back, Panel.Rows(latent));
        }
        else
        {
            bank.Run(Input, chosen, Panel.Rows(shares), Output, Accumulate);
        }
    }

    private void NormRouter(int token, int worker)
    {
        float* row = Panel.Rows(routerInput)[token];
        weights.RouterNorm!.Apply(Primitives, Panel.Rows(stream)[token], row);
        float root = 1 / MathF.Sqrt(weights.RouterNorm.Length);
        for (int i = 0; i < weights.RouterNorm.Length; i++)
            row[i] *= root;
    }

    private void Choose(int token, int worker) => _ = ExpertRouter.Choose(
        blueprint.Router,
        Panel.Rows(scores)[token],
        blueprint.Count,
        weights.SelectionBias,
        chosen.AsSpan(token * blueprint.Used, blueprint.Used),
        Panel.Rows(shares)[token],
        Panel.ThreadScratch(worker));

    /// <summary>The chunks of the chosen experts, each with the weight of the expert that has the chunk's number.</summary>
    private void ChooseChunks(int token, int worker)
    {
        int start = token * blueprint.Used;
        for (int i = 0; i < blueprint.Used; i++)
            chosenChunks[start + i] = chosen[start + i] / blueprint.Chunks!.ExpertsOfChunk;
        ExpertRouter.Weigh(
            blueprint.Router,
            Panel.Rows(scores)[token],
            blueprint.Count,
            chosenChunks.AsSpan(start, blueprint.Used),
            Panel.Rows(chunkShares)[token],
            Panel.ThreadScratch(worker));
    }

    private void AddChunks(int token, int worker)
    {
        int width = MatrixKernels.Pad(Panel.Rows(mixed).Stride);
        float* sum = Panel.Rows(mixed)[token];
        Primitives.AddScaled(sum, blueprint.Chunks!.Scale, Panel.Rows(chunked)[token], width);
        int length = weights.Experts.Down[0].Weight.Rows;
        if (Accumulate)
            Primitives.Add(Output[token], sum, length);
        else
            new ReadOnlySpan<float>(sum, length).CopyTo(new Span<float>(Output[token], length));
    }
}
