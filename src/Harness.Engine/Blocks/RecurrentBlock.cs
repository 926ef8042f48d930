using System.Runtime.InteropServices;
using Harness.Engine.Compute;
using Harness.Engine.Kernels;

namespace Harness.Engine.Blocks;

/// <summary>A block with a state of fixed size that goes from token to token.</summary>
internal abstract unsafe class RecurrentBlock : Block
{
    private readonly long stateBytes;
    private readonly long stateOffset;
    private readonly ParallelBody convolve;
    private ConvolutionJob convolution;

    protected RecurrentBlock(BlockContext context, long stateBytes)
        : base(context)
    {
        this.stateBytes = stateBytes;
        stateOffset = context.State(stateBytes);
        convolve = (item, _) => Recurrence.Convolve(in convolution, item * ConvolutionJob.ChannelsPerItem);
    }

    protected IRecurrentKernels Recurrence { get; } = RecurrentKernels.Preferred;

    /// <summary>The state, zero before position 0.</summary>
    protected float* State => (float*)Panel.State(stateOffset);

    public override void StartOver() => NativeMemory.Clear(State, (nuint)stateBytes);

    /// <summary>Convolves a panel, some channels an item.</summary>
    protected void Convolve(in ConvolutionJob job)
    {
        convolution = job;
        Pool.Run(job.Items, convolve);
    }

    /// <summary>The token before a token of the panel: the state's first row for the first one.</summary>
    protected float* Before(int token) => token == 0 ? State : Input[token - 1];

    /// <summary>Keeps the panel's last input as what comes before the next panel.</summary>
    protected void KeepLastInput(int width) => Copy(Input[Panel.Tokens - 1], State, width);

    protected static void Copy(float* source, float* destination, int length) =>
        new ReadOnlySpan<float>(source, length).CopyTo(new Span<float>(destination, length));
}
