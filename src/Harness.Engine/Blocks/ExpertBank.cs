using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>
/// Feed-forwards of one shape, of which each token of a panel goes to some: tokens are gathered expert by expert, so that
/// each expert's matrices are read once for all the tokens it has; a token's results are then summed in the order its
/// experts were chosen in, whatever else the panel holds.
/// </summary>
internal sealed unsafe class ExpertBank
{
    private readonly ExpertsBlueprint blueprint;
    private readonly ExpertMatrices weights;
    private readonly Panel panel;
    private readonly ComputePool pool;
    private readonly IPrimitives primitives;
    private readonly MatrixWork work;
    private readonly int width;
    private readonly int length;
    private readonly int used;

    // A row for each of a token's experts, gathered by expert: their inputs, later their results; and what is between.
    private readonly RowsLayout gathered;
    private readonly RowsLayout gate;
    private readonly RowsLayout up;
    private readonly int gatheredStride;
    private readonly int gateStride;
    private readonly int upStride;

    private readonly int[] rowOfChoice;
    private readonly int[] firstRow;
    private readonly ParallelBody gather;
    private readonly ParallelBody activate;
    private readonly ParallelBody combine;

    // What is at hand, for the steps above.
    private PanelRows input;
    private PanelRows shares;
    private PanelRows output;
    private bool accumulate;

    /// <param name="blueprint">How many are used, and how they compute.</param>
    /// <param name="weights">Their matrices.</param>
    /// <param name="context">The session.</param>
    public ExpertBank(ExpertsBlueprint blueprint, ExpertMatrices weights, BlockContext context)
    {
        this.blueprint = blueprint;
        this.weights = weights;
        panel = context.Panel;
        pool = context.Pool;
        primitives = context.Primitives;
        int count = weights.Up.Length;
        work = new MatrixWork(pool, panel, 2 * count);
        width = weights.Down[0].Weight.Rows;
        length = weights.Down[0].Weight.Columns;
        used = blueprint.Used;
        gatheredStride = MatrixKernels.Pad(width);
        upStride = MatrixKernels.Pad(weights.Up[0].Weight.Rows);
        gathered = context.Rows(used * gatheredStride);
        up = context.Rows(used * upStride);
        if (weights.Gate is not null)
        {
            gateStride = MatrixKernels.Pad(length);
            gate = context.Rows(used * gateStride);
        }

        rowOfChoice = new int[panel.Capacity * used];
        firstRow = new int[count + 1];
        gather = Gather;
        activate = Activate;
        combine = Combine;
    }

    /// <summary>Computes.</summary>
    /// <param name="inputs">A row a token.</param>
    /// <param name="chosen">Each token's experts.</param>
    /// <param name="sharesOfChosen">A row a token: each of its experts' weight.</param>
    /// <param name="outputs">Receives a row a token.</param>
    /// <param name="add">Adds to what the outputs hold.</param>
    public void Run(PanelRows inputs, int[] chosen, PanelRows sharesOfChosen, PanelRows outputs, bool add)
    {
        (input, shares, output, accumulate) = (inputs, sharesOfChosen, outputs, add);
        SortByExpert(chosen);
        pool.Run(panel.Tokens, gather);
        float* rows = panel.Rows(gathered).Start;
        float* upper = panel.Rows(up).Start;
        float* inner = weights.Gate is null ? upper : panel.Rows(gate).Start;
        int innerStride = weights.Gate is null ? upStride : gateStride;
        if (weights.Gate is { } gates)
            AddEach(gates, rows, gatheredStride, inner, innerStride);
        AddEach(weights.Up, rows, gatheredStride, upper, upStride);
        work.Run();

        pool.Run(panel.Tokens * used, activate);
        AddEach(weights.Down, inner, innerStride, rows, gatheredStride);
        work.Run();
        pool.Run(panel.Tokens, combine);
    }

    /// <summary>Gives each choice a row: those of an expert follow one another, tokens ascending.</summary>
    private void SortByExpert(int[] chosen)
    {
        int choices = panel.Tokens * used;
        Array.Clear(firstRow);
        for (int i = 0; i < choices; i++)
            firstRow[chosen[i] + 1]++;
        for (int e = 1; e < firstRow.Length; e++)
            firstRow[e] += firstRow[e - 1];

        // Filling an expert's rows moves its start to its end; so the starts are shifted back afterwards.
        for (int i = 0; i < choices; i++)
            rowOfChoice[i] = firstRow[chosen[i]]++;
        for (int e = firstRow.Length - 1; e > 0; e--)
            firstRow[e] = firstRow[e - 1];
        firstRow[0] = 0;
    }

    private void Gather(int token, int worker)
    {
        float* source = input[token];
        float* share = shares[token];
        for (int i = 0; i < used; i++)
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
        float* upper = panel.Rows(up).Start + ((long)row * upStride);
        float* result = weights.Gate is null ? upper : panel.Rows(gate).Start + ((long)row * gateStride);
        float* factor = blueprint.Gate switch
        {
            FeedForwardGate.Split => upper,
            FeedForwardGate.FirstHalfOfUp => upper + length,
            _ => null,
        };
        if (blueprint.Bounds is { } bounds)
            bounds.Activate(primitives, blueprint.Activation, result, factor, length);
        else
            primitives.Activate(blueprint.Activation, result, factor, length);
    }

    private void Combine(int token, int worker)
    {
        float* share = shares[token];
        float* sum = RowOf(token, 0);
        bool weighted = blueprint.Router.WeightsInputs;
        for (int c = 0; !weighted && c < width; c++)
            sum[c] *= share[0];
        for (int i = 1; i < used; i++)
            primitives.AddScaled(sum, weighted ? 1 : share[i], RowOf(token, i), gatheredStride);

        if (accumulate)
            primitives.Add(output[token], sum, width);
        else
            new ReadOnlySpan<float>(sum, width).CopyTo(new Span<float>(output[token], width));
    }

    private float* RowOf(int token, int choice) =>
        panel.Rows(gathered).Start + ((long)rowOfChoice[(token * used) + choice] * gatheredStride);
}
