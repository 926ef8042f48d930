using Harness.Engine.Blocks;
using Harness.Engine.Compute;
using Harness.Engine.Weights;

namespace Harness.Engine.Kernels;

/// <summary>
/// Projections that do not depend on one another, run as one piece of parallel work: threads are woken once for query,
/// key and value, and share one list of row items.
/// </summary>
internal sealed unsafe class MatrixWork
{
    private readonly ComputePool pool;
    private readonly Panel panel;
    private readonly ParallelBody body;
    private readonly MatrixJob[] jobs;
    private int count;
    private int items;

    /// <param name="pool">The threads.</param>
    /// <param name="panel">Their scratch.</param>
    /// <param name="capacity">Most projections of one run.</param>
    public MatrixWork(ComputePool pool, Panel panel, int capacity = 8)
    {
        this.pool = pool;
        this.panel = panel;
        jobs = new MatrixJob[capacity];
        body = Multiply;
    }

    /// <summary>Adds a projection of a panel of tokens.</summary>
    public void Add(Projection projection, float* inputs, int inputStride, float* outputs, int outputStride, int tokens, bool accumulate = false)
    {
        jobs[count++] = new MatrixJob
        {
            Projection = projection,
            Inputs = inputs,
            InputStride = inputStride,
            Outputs = outputs,
            OutputStride = outputStride,
            Tokens = tokens,
            Accumulate = accumulate,
        };
        items += Items(projection);
        ClearPadding(inputs, inputStride, projection.Weight.Columns, tokens);
    }

    /// <summary>Runs what was added.</summary>
    public void Run()
    {
        pool.Run(items, body);
        Array.Clear(jobs, 0, count);
        count = 0;
        items = 0;
    }

    private static int Items(Projection projection) =>
        (projection.Weight.Rows + MatrixKernels.RowsPerItem - 1) / MatrixKernels.RowsPerItem;

    // The buffers serve layers of different widths, so what follows a row's values may be another layer's.
    private static void ClearPadding(float* inputs, int stride, int columns, int tokens)
    {
        int padding = MatrixKernels.Pad(columns) - columns;
        for (int token = 0; padding > 0 && token < tokens; token++)
            new Span<float>(inputs + ((long)token * stride) + columns, padding).Clear();
    }

    private void Multiply(int item, int worker)
    {
        int job = 0;
        for (int jobItems; item >= (jobItems = Items(jobs[job].Projection)); job++)
            item -= jobItems;

        WeightMatrix weight = jobs[job].Projection.Weight;
        int firstRow = item * MatrixKernels.RowsPerItem;
        int rows = Math.Min(MatrixKernels.RowsPerItem, weight.Rows - firstRow);
        weight.Kernel.Multiply(in jobs[job], firstRow, rows, panel.ThreadScratch(worker));
    }
}
