using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a short convolution.</summary>
internal sealed unsafe class ShortConvolutionWeights : BlockWeights
{
    public required ShortConvolutionBlueprint Blueprint { get; init; }

    /// <summary>Yields b, c and x.</summary>
    public required Projection Input { get; init; }

    public required float* Taps { get; init; }

    public required Projection Output { get; init; }

    public static ShortConvolutionWeights Bind(ShortConvolutionBlueprint convolution, LayerBinder binder) => new()
    {
        Blueprint = convolution,
        Input = binder.Project("shortconv.in_proj", 3 * convolution.Width, binder.Embedding, bias: false, tensorScale: false),
        Taps = binder.Values("shortconv.conv.weight", (long)convolution.Taps * convolution.Width),
        Output = binder.Project("shortconv.out_proj", binder.Embedding, convolution.Width, bias: false, tensorScale: false),
    };

    public override Block Create(BlockContext context) => new ShortConvolutionBlock(this, context);
}
