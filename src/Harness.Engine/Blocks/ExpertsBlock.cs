using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// Computes an <see cref="ExpertsBlueprint"/>: the panel's tokens are gathered expert by expert, so that each expert's
/// matrices are read once for all the tokens it has; a token's results are then summed in the order its experts were
/// chosen in, whatever else the panel holds.
/// </summary>
internal sealed unsafe class ExpertsBlock : Block
{
    private readonly ExpertsBlueprint blueprint;
    private readonly ExpertWeights weights;
    private readonly MatrixWork work;
    private readonly int width;
    private readonly RowsLayout layerInput;
    private readonly RowsLayout scores;
    private readonly RowsLayout shares;
    private readonly RowsLayout latent;

    // A row for each of a token's experts, gathered by expert: their inputs, later their results; and what is between.
    private readonly RowsLayout gathered;
    private readonly RowsLayout gate;
    private readonly RowsLayout up;
    private readonly int gatheredStride;
    private readonly int gateStride;
    private readonly int upStride;

    private readonly int[] chosen;
    private readonly int[] rowOfChoice;
    private readonly int[] firstRow;
    private readonly ParallelBody choose;
    private readonly ParallelBody gather;
    private readonly ParallelBody activate;
    private readonly ParallelBody combine;

    public ExpertsBlock(ExpertWeights weights, BlockContext context)
        : base(context)
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        width = weights.Down[0].Weight.Rows;
        work = new MatrixWork(Pool, Panel, 2 * blueprint.Count);
        if (blueprint.ReadsLayerInput)
            layerInput = context.SharedRows(BlockContext.LayerInput, context.Blueprint.EmbeddingLength);

        scores = context.Rows(blueprint.Count);
        shares = context.Rows(blueprint.Used);
        if (weights.LatentDown is not null)
            latent = context.Rows(width);
        gatheredStride = MatrixKernels.Pad(width);
        upStride = MatrixKernels.Pad(weights.Up[0].Weight.Rows);
        gathered = context.Rows(blueprint.Used * gatheredStride);
        up = context.Rows(blueprint.Used * upStride);
        if (weights.Gate is not null)
        {
            gateStride = MatrixKernels.Pad(blueprint.Length);
            gate = context.Rows(blueprint.Used * gateStride);
        }

        chosen = new int[Panel.Capacity * blueprint.Used];
        rowOfChoice = new int[chosen.Length];
        firstRow = new int[blueprint.Count + 1];
        context.RequireThreadScratch(ExpertRouter.ScratchFloats(blueprint.Router, blueprint.Count));
        choose = Choose;
        gather = Gather;
        activate = Activate;
        combine = Combine;
    }

    protected override void Run()
    {
        Project(Matrices, weights.Router, blueprint.ReadsLayerInput ? Panel.Rows(layerInput) : Input, Panel.Rows(scores));
        if (weights.LatentDown is { } down)
            Project(Matrices, down, Input, Panel.Rows(latent));
        Matrices.Run();

        Pool.Run(Panel.Tokens, choose);
        SortByExpert();
        Pool.Run(Panel.Tokens, gather);
        float* inputs = Panel.Rows(gathered).Start;
        float* upper = Panel.Rows(up).Start;
        float* inner = weights.Gate is null ? upper : Panel.Rows(gate).Start;
        int innerStride = weights.Gate is null ? upStride : gateStride;
        if (weights.Gate is { } gates)
            AddEach(gates, inputs, gatheredStride, inner, innerStride);
        AddEach(weights.Up, inputs, gatheredStride, upper, upStride);
        work.Run();

        Pool.Run(Panel.Tokens * blueprint.Used, activate);
        AddEach(weights.Down, inner, innerStride, inputs, gatheredStride);
        work.Run();

        Pool.Run(Panel.Tokens, combine);
        if (weights.LatentUp is { } back)
            ProjectToOutput(back, Panel.Rows(latent));
    }

    private void Choose(int token, int worker)
    {
        float* selectionBias = weights.SelectionBias;
        _ = ExpertRouter.Choose(
            blueprint.Router,
            Panel.Rows(scores)[token],
            blueprint.Count,
            selectionBias,
            chosen.AsSpan(token * blueprint.Used, blueprint.Used),
            Panel.Rows(shares)[token],
            Panel.ThreadScratch(worker));
    }

    /// <summary>Gives each choice a row: those of an expert follow one another, tokens ascending.</summary>
    private void SortByExpert()
    {
        int choices = Panel.Tokens * blueprint.Used;
        Array.Clear(firstRow);
        for (int i = 0; i < choices; i++)
            firstRow[chosen[i] + 1]++;
        for (int e = 0; e < blueprint.Count; e++)
            firstRow[e + 1] += firstRow[e];

        // Filling an expert's rows moves its start to its end; so the starts are shifted back afterwards.
        for (int i = 0; i < choices; i++)
            rowOfChoice[i] = firstRow[chosen[i]]++;
        for (int e = blueprint.Count; e > 0; e--)
            firstRow[e] = firstRow[e - 1];
        firstRow[0] = 0;
    }

    private void Gather(int token, int worker)
    {
        float* source = weights.LatentDown is null ? Input[token] : Panel.Rows(latent)[token];
        float* share = Panel.Rows(shares)[token];
        for (int i = 0; i < blueprint.Used; i++)
        {
            float* target = RowOf(token, i);
            if (!blueprint.Router.WeightsInputs)
            {
                new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(target, width));
                continue;
            }

            for (int c = 0; c < width; c++)
                target[c] = source[c] * share[i];
        }
    }

    private void AddEach(Projection[] projections, float* inputs, int inputStride, float* outputs, int outputStride)
    {
        for (int e = 0; e < projections.Length; e++)
        {
            int first = firstRow[e];
            int count = firstRow[e + 1] - first;
            if (count > 0)
                work.Add(projections[e], inputs + ((long)first * inputStride), inputStride, outputs + ((long)first * outputStride), outputStride, count);
        }
    }

    private void Activate(int row, int worker)
    {
        int length = blueprint.Length;
        float* upper = Panel.Rows(up).Start + ((long)row * upStride);
        float* result = weights.Gate is null ? upper : Panel.Rows(gate).Start + ((long)row * gateStride);
        float* factor = blueprint.Gate switch
        {
            FeedForwardGate.Split => upper,
            FeedForwardGate.FirstHalfOfUp => upper + length,
            _ => null,
        };
        if (blueprint.Bounds is { } bounds)
            bounds.Activate(Primitives, blueprint.Activation, result, factor, length);
        else
            Primitives.Activate(blueprint.Activation, result, factor, length);
    }

    private void Combine(int token, int worker)
    {
        float* share = Panel.Rows(shares)[token];
        float* sum = RowOf(token, 0);
        if (!blueprint.Router.WeightsInputs)
        {
            for (int c = 0; c < width; c++)
                sum[c] *= share[0];
        }

        for (int i = 1; i < blueprint.Used; i++)
            Primitives.AddScaled(sum, blueprint.Router.WeightsInputs ? 1 : share[i], RowOf(token, i), gatheredStride);

        bool toOutput = weights.LatentUp is null;
        float* target = toOutput ? Output[token] : Panel.Rows(latent)[token];
        if (toOutput && Accumulate)
            Primitives.Add(target, sum, width);
        else
            new ReadOnlySpan<float>(sum, width).CopyTo(new Span<float>(target, width));
    }

    private float* RowOf(int token, int choice) =>
        Panel.Rows(gathered).Start + ((long)rowOfChoice[(token * blueprint.Used) + choice] * gatheredStride);
}
