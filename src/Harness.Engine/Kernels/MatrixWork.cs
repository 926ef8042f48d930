using Harness.Engine.Blocks;
using Harness.Engine.Compute;
using Harness.Engine.Kernels.Integer;
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
    private readonly ParallelBody quantize;
    // Of a single token, so many items a thread: few enough to be long stretches of memory, read straight ahead by one
    // thread, and enough that none waits long for another.
    private const int ItemsOfThread = 8;

    private readonly MatrixJob[] jobs;
    private readonly int[] rowsBefore;
    private int count;
    private int rows;
    private int rowsPerItem;
    private int inputs;

    /// <param name="pool">The threads.</param>
    /// <param name="panel">Their scratch.</param>
    /// <param name="capacity">Most projections of one run.</param>
    public MatrixWork(ComputePool pool, Panel panel, int capacity = 8)
    {
        this.pool = pool;
        this.panel = panel;
        jobs = new MatrixJob[capacity];
        rowsBefore = new int[capacity + 1];
        body = Multiply;
        quantize = Quantize;
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
        rows += projection.Weight.Rows;
        ClearPadding(inputs, inputStride, projection.Weight.Columns, tokens);
    }

    /// <summary>Runs what was added.</summary>
    public void Run()
    {
        QuantizeInputs();
        bool alone = true;
        for (int i = 0; i < count; i++)
            alone &= jobs[i].Tokens == 1;
        rowsPerItem = MatrixKernels.RowsPerItem * (alone ? Math.Max(1, rows / (MatrixKernels.RowsPerItem * ItemsOfThread * pool.Workers)) : 1);
        int items = 0;
        for (int i = 0; i < count; i++)
            items += Items(jobs[i].Projection);
        pool.Run(items, body);
        Array.Clear(jobs, 0, count);
        count = 0;
        rows = 0;
    }

    /// <summary>Turns the inputs of integer kernels into integers, each once for all the projections that share it.</summary>
    private void QuantizeInputs()
    {
        inputs = 0;
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            // Whoever is first of those that share an input has it made as all of them need it.
            if (jobs[i].Tokens > 1 && jobs[i].Projection.Weight.Kernel.InputWords)
                jobs[SharedWith(i) is >= 0 and int first ? first : i].IntegerWords = true;
        }

        for (int i = 0; i < count; i++)
        {
            ref MatrixJob job = ref jobs[i];
            rowsBefore[i] = inputs;
            int block = job.Projection.Weight.Kernel.InputBlock;
            if (block == 0 || SharedWith(i) >= 0)
                continue;
            job.IntegerStride = IntegerRow.Bytes(job.Projection.Weight.Columns, block, job.IntegerWords);
            bytes += (long)job.Tokens * job.IntegerStride;
            inputs += job.Tokens;
        }

        rowsBefore[count] = inputs;
        if (inputs == 0)
            return;

        byte* next = panel.Integers(bytes);
        for (int i = 0; i < count; i++)
        {
            ref MatrixJob job = ref jobs[i];
            if (job.Projection.Weight.Kernel.InputBlock == 0)
                continue;
            if (SharedWith(i) is >= 0 and int shared)
            {
                job.Integers = jobs[shared].Integers;
                job.IntegerStride = jobs[shared].IntegerStride;
                continue;
            }

            job.Integers = next;
            next += (long)job.Tokens * job.IntegerStride;
        }

        pool.Run(inputs, quantize);
    }

    /// <summary>The earlier projection whose input, quantized, is this one's too; −1 for none.</summary>
    private int SharedWith(int index)
    {
        ref MatrixJob job = ref jobs[index];
        for (int i = 0; i < index; i++)
        {
            if (jobs[i].Inputs == job.Inputs && jobs[i].Tokens == job.Tokens && jobs[i].InputStride == job.InputStride
                && jobs[i].Projection.Weight.Columns == job.Projection.Weight.Columns
                && jobs[i].Projection.Weight.Kernel.InputBlock == job.Projection.Weight.Kernel.InputBlock)
            {
                return i;
            }
        }

        return -1;
    }

    private void Quantize(int item, int worker)
    {
        int index = 0;
        while (rowsBefore[index + 1] <= item)
            index++;
        ref MatrixJob job = ref jobs[index];
        int token = item - rowsBefore[index];
        WeightMatrix weight = job.Projection.Weight;
        IntegerRow.Quantize(
            job.Inputs + ((long)token * job.InputStride),
            weight.Columns,
            weight.Kernel.InputBlock,
            job.Integers + ((long)token * job.IntegerStride),
            job.IntegerWords);
    }

    private int Items(Projection projection) => (projection.Weight.Rows + rowsPerItem - 1) / rowsPerItem;

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
        int end = Math.Min((item + 1) * rowsPerItem, weight.Rows);
        for (int row = item * rowsPerItem; row < end; row += MatrixKernels.RowsPerItem)
            weight.Kernel.Multiply(in jobs[job], row, Math.Min(MatrixKernels.RowsPerItem, end - row), panel.ThreadScratch(worker));
    }
}
