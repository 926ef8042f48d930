using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="SelectiveScanBlueprint"/>. The state: the convolution's history, then states × channels.</summary>
internal sealed unsafe class SelectiveScanBlock : RecurrentBlock
{
    private const int Width = ConvolutionJob.ChannelsPerItem;

    private readonly SelectiveScanBlueprint blueprint;
    private readonly SelectiveScanWeights weights;
    private readonly RowsLayout projected;
    private readonly RowsLayout convolved;
    private readonly RowsLayout mix;
    private readonly RowsLayout rank;
    private readonly RowsLayout timeStep;
    private readonly ParallelBody split;
    private readonly ParallelBody scan;
    private readonly ParallelBody gate;

    public SelectiveScanBlock(SelectiveScanWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        projected = context.Rows(2 * blueprint.Inner);
        convolved = context.Rows(blueprint.Inner);
        mix = context.Rows(blueprint.TimeStepRank + (2 * blueprint.StateLength));
        rank = context.Rows(blueprint.TimeStepRank);
        timeStep = context.Rows(blueprint.Inner);
        context.RequireThreadScratch((blueprint.StateLength + 1L) * Width);
        split = Split;
        scan = Scan;
        gate = Gate;
    }

    protected override void Run()
    {
        PanelRows input = Panel.Rows(projected);
        PanelRows channels = Panel.Rows(convolved);
        Project(Matrices, weights.Input, Input, input);
        Matrices.Run();
        Convolve(new ConvolutionJob
        {
            Inputs = input.Start,
            InputStride = input.Stride,
            Outputs = channels.Start,
            OutputStride = channels.Stride,
            Taps = weights.Taps,
            TapCount = blueprint.Taps,
            Bias = weights.TapsBias,
            History = State,
            Channels = blueprint.Inner,
            Tokens = Panel.Tokens,
            Silu = true,
        });

        Project(Matrices, weights.Mix, channels, Panel.Rows(mix));
        Matrices.Run();
        Pool.Run(Panel.Tokens, split);
        Project(Matrices, weights.TimeStep, Panel.Rows(rank), Panel.Rows(timeStep));
        Matrices.Run();
        Pool.Run((blueprint.Inner + Width - 1) / Width, scan);
        Pool.Run(Panel.Tokens, gate);
        ProjectToOutput(weights.Output, channels);
    }

    private void Split(int token, int worker)
    {
        float* row = Panel.Rows(mix)[token];
        float* low = Panel.Rows(rank)[token];
        Copy(row, low, blueprint.TimeStepRank);
        weights.TimeStepNorm?.Apply(Primitives, low, low);
        float* key = row + blueprint.TimeStepRank;
        weights.KeyNorm?.Apply(Primitives, key, key);
        float* query = key + blueprint.StateLength;
        weights.QueryNorm?.Apply(Primitives, query, query);
    }

    private void Scan(int item, int worker)
    {
        int first = item * Width;
        int count = Math.Min(Width, blueprint.Inner - first);
        int states = blueprint.StateLength;

        // The file has each channel's states together; the kernel wants each state's channels together.
        float* decay = Panel.ThreadScratch(worker);
        float* skip = decay + ((long)states * Width);
        new Span<float>(decay, (states + 1) * Width).Clear();
        for (int c = 0; c < count; c++)
        {
            for (int n = 0; n < states; n++)
                decay[(n * Width) + c] = weights.Decay[((long)(first + c) * states) + n];
            skip[c] = weights.Skip[first + c];
        }

        float* state = State + ConvolutionJob.HistoryFloats(blueprint.Inner, blueprint.Taps) + first;
        int stride = MatrixKernels.Pad(blueprint.Inner);
        for (int token = 0; token < Panel.Tokens; token++)
        {
            float* steps = Panel.Rows(timeStep)[token] + first;
            Recurrence.Softplus(steps, count);
            float* key = Panel.Rows(mix)[token] + blueprint.TimeStepRank;
            float* channels = Panel.Rows(convolved)[token] + first;
            ChannelStep step = new()
            {
                TimeStep = steps,
                Input = channels,
                Decay = decay,
                Key = key,
                Query = key + states,
                Skip = skip,
                Output = channels,
            };
            Recurrence.ScanChannels(in step, state, stride, states, count);
        }
    }

    private void Gate(int token, int worker) => Recurrence.MultiplyBySilu(
        Panel.Rows(convolved)[token], Panel.Rows(projected)[token] + blueprint.Inner, blueprint.Inner);
}
