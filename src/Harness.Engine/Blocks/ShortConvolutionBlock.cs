using Harness.Engine.Blueprints;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;
using Harness.Engine.Weights;

namespace Harness.Engine.Blocks;

/// <summary>Computes a <see cref="ShortConvolutionBlueprint"/>. The state: the convolution's history.</summary>
internal sealed unsafe class ShortConvolutionBlock : RecurrentBlock
{
    private readonly ShortConvolutionBlueprint blueprint;
    private readonly ShortConvolutionWeights weights;
    private readonly RowsLayout projected;
    private readonly RowsLayout convolved;
    private readonly ParallelBody multiplyInput;
    private readonly ParallelBody multiplyOutput;

    public ShortConvolutionBlock(ShortConvolutionWeights weights, BlockContext context)
        : base(context, weights.Blueprint.StateBytes(context.Positions, context.CacheType))
    {
        this.weights = weights;
        blueprint = weights.Blueprint;
        int width = blueprint.Width;
        projected = context.Rows(3 * width);
        convolved = context.Rows(width);
        multiplyInput = (token, _) => Recurrence.Multiply(Panel.Rows(projected)[token], Panel.Rows(projected)[token] + (2 * width), width);
        multiplyOutput = (token, _) => Recurrence.Multiply(Panel.Rows(convolved)[token], Panel.Rows(projected)[token] + width, width);
    }

    protected override void Run()
    {
        PanelRows row = Panel.Rows(projected);
        PanelRows channels = Panel.Rows(convolved);
        Project(Matrices, weights.Input, Input, row);
        Matrices.Run();
        Pool.Run(Panel.Tokens, multiplyInput);
        Convolve(new ConvolutionJob
        {
            Inputs = row.Start,
            InputStride = row.Stride,
            Outputs = channels.Start,
            OutputStride = channels.Stride,
            Taps = weights.Taps,
            TapCount = blueprint.Taps,
            History = State,
            Channels = blueprint.Width,
            Tokens = Panel.Tokens,
        });
        Pool.Run(Panel.Tokens, multiplyOutput);
        ProjectToOutput(weights.Output, channels);
    }
}
