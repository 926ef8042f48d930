using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>Finds one layer's tensors: names are those after <c>blk.N.</c>.</summary>
/// <param name="binder">What finds tensors.</param>
/// <param name="layer">The layer's index in the blueprint.</param>
/// <param name="tensorIndex">The N of its tensors' names.</param>
/// <param name="embedding">Width of the residual stream.</param>
internal sealed unsafe class LayerBinder(WeightBinder binder, int layer, int tensorIndex, int embedding)
{
    private readonly string prefix = string.Create(CultureInfo.InvariantCulture, $"blk.{tensorIndex}.");

    /// <summary>The layer's index in the blueprint.</summary>
    public int Layer => layer;

    /// <summary>Width of the residual stream.</summary>
    public int Embedding => embedding;

    /// <summary>What finds tensors by their whole names.</summary>
    public WeightBinder Model => binder;

    /// <inheritdoc cref="WeightBinder.Has"/>
    public bool Has(string name) => binder.Has(prefix + name);

    /// <inheritdoc cref="WeightBinder.Count"/>
    public long Count(string name) => binder.Count(prefix + name);

    /// <inheritdoc cref="WeightBinder.Matrix"/>
    public WeightMatrix Matrix(string name, int rows, int columns) => binder.Matrix(prefix + name, rows, columns);

    /// <inheritdoc cref="WeightBinder.Matrices(string, int, int, int)"/>
    public WeightMatrix[] Matrices(string name, int count, int rows, int columns) => binder.Matrices(prefix + name, count, rows, columns);

    /// <inheritdoc cref="WeightBinder.Vector"/>
    public float* Vector(string name, int length) => binder.Vector(prefix + name, length);

    /// <inheritdoc cref="WeightBinder.Values"/>
    public float* Values(string name, long count) => binder.Values(prefix + name, count);

    /// <inheritdoc cref="WeightBinder.Project"/>
    public Projection Project(string name, int rows, int columns, bool bias, bool scaleAfterBias = false, bool tensorScale = true) =>
        binder.Project(prefix + name, rows, columns, bias, scaleAfterBias, tensorScale);

    /// <inheritdoc cref="WeightBinder.Norm"/>
    public Norm Norm(NormBlueprint norm, int length) => binder.Norm(norm, prefix, length);

    /// <inheritdoc cref="HyperConnectionWeights.Bind"/>
    public HyperConnectionWeights HyperConnection(HyperConnectionBlueprint hyper) =>
        HyperConnectionWeights.Bind(hyper, prefix, embedding, binder);

    /// <summary>A norm of the residual stream's width, or null.</summary>
    public Norm? Norm(NormBlueprint? norm) => norm is null ? null : Norm(norm, embedding);

    /// <summary>A norm of heads; its weights may be there once, or for each head.</summary>
    public HeadNorm? HeadNorm(HeadNormBlueprint? norm, int heads, int length)
    {
        if (norm is null)
            return null;
        int width = heads * length;
        if (norm.WholeVector)
            return new HeadNorm(Norm(norm.Norm, width), 1, 0);

        if (norm.OneWeightAHead)
        {
            return new HeadNorm(new Norm(norm.Norm, length, null, null), heads, 0)
            {
                HeadWeights = (nint)binder.Values(prefix + norm.Norm.Tensor + ".weight", heads),
            };
        }

        // [length] for all heads, or [length, heads].
        bool apart = norm.Norm.Tensor is { } tensor && Math.Max(Count(tensor), Count(tensor + ".weight")) == width && heads > 1;
        return apart
            ? new HeadNorm(Norm(norm.Norm, width).OfParts(length), heads, length)
            : new HeadNorm(Norm(norm.Norm, length), heads, 0);
    }
}
