using Harness.Engine.Blueprints;
using Harness.Engine.Kernels;

namespace Harness.Engine.Weights;

/// <summary>A norm with its tensors.</summary>
internal sealed unsafe class Norm
{
    private readonly NormBlueprint blueprint;
    private readonly float* weight;
    private readonly float* bias;

    public Norm(NormBlueprint blueprint, int length, float* weight, float* bias)
    {
        this.blueprint = blueprint;
        this.weight = weight;
        this.bias = bias;
        Length = length;
    }

    /// <summary>Values normalised together.</summary>
    public int Length { get; }

    /// <summary>The same over vectors of another length, parts of the one.</summary>
    public Norm OfParts(int length) => new(blueprint, length, weight, bias);

    /// <summary>Normalises a vector; input and output may be the same.</summary>
    /// <param name="primitives">The register width.</param>
    /// <param name="input">The vector.</param>
    /// <param name="output">Receives it.</param>
    /// <param name="offset">Where in the tensors its weights begin.</param>
    public void Apply(IPrimitives primitives, float* input, float* output, int offset = 0)
    {
        float* weights = weight is null ? null : weight + offset;
        float* biases = bias is null ? null : bias + offset;
        if (blueprint.Kind == NormKind.Rms)
            primitives.RmsNorm(input, weights, output, Length, blueprint.Epsilon);
        else
            primitives.LayerNorm(input, weights, output, Length, blueprint.Epsilon);
        if (biases is not null)
            primitives.Add(output, biases, Length);
    }
}

/// <summary>A norm of the heads of one token.</summary>
/// <param name="Norm">The norm of one head, or of the whole vector.</param>
/// <param name="Heads">How many vectors are normalised.</param>
/// <param name="WeightStride">From one head's weights to the next one's; 0 when they share them.</param>
internal sealed unsafe record HeadNorm(Norm Norm, int Heads, int WeightStride)
{
    /// <summary>Points to one factor a head, applied after the norm, or is 0.</summary>
    public nint HeadWeights { get; init; }

    public void Apply(IPrimitives primitives, float* heads)
    {
        for (int head = 0; head < Heads; head++)
        {
            float* values = heads + ((long)head * Norm.Length);
            Norm.Apply(primitives, values, values, head * WeightStride);
            for (int i = 0; HeadWeights != 0 && i < Norm.Length; i++)
                values[i] *= ((float*)HeadWeights)[head];
        }
    }
}
