using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="Mamba2Blueprint"/>. The state: the convolution's history, then each head's matrix.</summary>
internal sealed unsafe class Mamba2Block : RecurrentBlock
{
    private readonly Mamba2Blueprint blueprint;
    private readonly Mamba2Weights weights;
    private readonly HeadState heads;
    private readonly int paddedStates;
    private readonly bool late;
    private readonly RowsLayout projected;
    private readonly RowsLayout convolved;
    private readonly RowsLayout input;
    private readonly RowsLayout gate;
    private readonly RowsLayout mix;
    private readonly RowsLayout rank;
    private readonly RowsLayout timeStep;
    private readonly ParallelBody splitHeads;
    private readonly ParallelBody splitMix;
    private readonly ParallelBody bendSteps;
    private readonly ParallelBody scan;
    private readonly ParallelBody finish;

    public Mamba2Block(Mamba2Weights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        heads = new HeadState(blueprint.StateLength, blueprint.HeadLength);
        paddedStates = MatrixKernels.Pad(blueprint.StateLength);
        late = weights.Mix is not null;
        projected = context.Rows(weights.Input.Weight.Rows);
        convolved = context.Rows(blueprint.Channels);
        timeStep = context.Rows(blueprint.Heads);
        if (late)
        {
            input = context.Rows(blueprint.Inner);
            gate = context.Rows(blueprint.Inner);
            mix = context.Rows(blueprint.TimeStepRank + (2 * blueprint.StateLength));
            rank = context.Rows(blueprint.TimeStepRank);
        }

        context.RequireThreadScratch((2L * paddedStates) + heads.ScratchFloats);
        bendSteps = BendSteps;
        splitHeads = SplitHeads;
        splitMix = SplitMix;
        scan = Scan;
        finish = Finish;
    }

    protected override void Run()
    {
        PanelRows row = Panel.Rows(projected);
        PanelRows channels = Panel.Rows(convolved);
        Project(Matrices, weights.Input, Input, row);
        Matrices.Run();
        if (late)
            Pool.Run(Panel.Tokens, splitHeads);

        PanelRows source = late ? Panel.Rows(input) : new PanelRows(row.Start + blueprint.Inner, row.Stride);
        Convolve(new ConvolutionJob
        {
            Inputs = source.Start,
            InputStride = source.Stride,
            Outputs = channels.Start,
            OutputStride = channels.Stride,
            Taps = weights.Taps,
            TapCount = blueprint.Taps,
            Bias = weights.TapsBias,
            History = State,
            Channels = blueprint.Channels,
            Tokens = Panel.Tokens,
            Silu = true,
        });

        if (late)
        {
            Project(Matrices, weights.Mix!, channels, Panel.Rows(mix));
            Matrices.Run();
            Pool.Run(Panel.Tokens, splitMix);
            Project(Matrices, weights.TimeStep!, Panel.Rows(rank), Panel.Rows(timeStep));
            Matrices.Run();
        }

        Pool.Run(Panel.Tokens, bendSteps);
        Pool.Run(blueprint.Heads, scan);
        Pool.Run(Panel.Tokens, finish);
        ProjectToOutput(weights.Output, channels);
    }

    private void SplitHeads(int token, int worker)
    {
        int length = blueprint.HeadLength;
        float* pairs = Panel.Rows(projected)[token];
        for (int head = 0; head < blueprint.Heads; head++)
        {
            Copy(pairs + (2L * head * length), Panel.Rows(gate)[token] + ((long)head * length), length);
            Copy(pairs + (((2L * head) + 1) * length), Panel.Rows(input)[token] + ((long)head * length), length);
        }
    }

    private void SplitMix(int token, int worker)
    {
        float* key = Panel.Rows(mix)[token];
        weights.KeyNorm?.Apply(Primitives, key, key);
        float* query = key + blueprint.StateLength;
        weights.QueryNorm?.Apply(Primitives, query, query);
        float* low = Panel.Rows(rank)[token];
        Copy(query + blueprint.StateLength, low, blueprint.TimeStepRank);
        weights.TimeStepNorm?.Apply(Primitives, low, low);
    }

    private void BendSteps(int token, int worker)
    {
        float* steps = Panel.Rows(timeStep)[token];
        if (!late)
        {
            Copy(Panel.Rows(projected)[token] + blueprint.Inner + blueprint.Channels, steps, blueprint.Heads);
            Primitives.Add(steps, weights.TimeStepBias, blueprint.Heads);
        }

        Recurrence.Softplus(steps, blueprint.Heads);
    }

    private void Scan(int head, int worker)
    {
        int states = blueprint.StateLength;
        int group = head / (blueprint.Heads / blueprint.Groups);
        float* decay = Panel.ThreadScratch(worker);
        float* key = decay + paddedStates;
        float* scratch = key + paddedStates;
        float* state = State + ConvolutionJob.HistoryFloats(blueprint.Channels, blueprint.Taps) + (head * heads.FloatsPerHead);
        for (int token = 0; token < Panel.Tokens; token++)
        {
            float* row = Panel.Rows(convolved)[token];
            float* keys = late ? Panel.Rows(mix)[token] : row + blueprint.Inner + ((long)group * states);
            float* queries = keys + ((long)(late ? 1 : blueprint.Groups) * states);
            float step = Panel.Rows(timeStep)[token][head];
            new Span<float>(decay, states).Fill(MathF.Exp(step * weights.Decay[head]));
            for (int n = 0; n < states; n++)
                key[n] = keys[n] * step;

            float* values = row + ((long)head * blueprint.HeadLength);
            StateStep vectors = new()
            {
                Decay = decay,
                Key = key,
                Query = queries,
                Value = values,
                Output = values,
                Bonus = weights.Skip[head],
            };
            heads.Advance(Recurrence, in vectors, state, scratch);
        }
    }

    private void Finish(int token, int worker)
    {
        float* output = Panel.Rows(convolved)[token];
        float* gates = Panel.Rows(late ? gate : projected)[token];
        Recurrence.MultiplyBySilu(output, gates, blueprint.Inner);
        for (int group = 0; weights.GroupNorm is { } norm && group < blueprint.Groups; group++)
        {
            int offset = group * weights.GroupNormStride;
            norm.Apply(Primitives, output + offset, output + offset, offset);
        }
    }
}
