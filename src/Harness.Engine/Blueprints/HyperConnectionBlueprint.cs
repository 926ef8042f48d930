using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Several residual streams instead of one (hyper-connections; Zhu et al., arXiv 2409.19606): what a branch reads is a sum
/// of the streams, and what it yields is added to each, both weighted by what all streams together say of the token.
/// </summary>
/// <param name="Streams">Streams.</param>
/// <param name="Tensor">Name of its tensors without <c>_fn</c>, <c>_base</c> and <c>_scale</c>: <c>hc_attn</c>.</param>
/// <param name="Epsilon">Added to weights.</param>
/// <param name="NormEpsilon">ε of the norm of all streams together, which has no weights.</param>
/// <param name="Magnitude">The largest weight of what is added; 0 where streams are only summed, after the last layer.</param>
public sealed record HyperConnectionBlueprint(int Streams, string Tensor, float Epsilon, float NormEpsilon, float Magnitude = 0)
{
    internal string Name => Streams.ToString(CultureInfo.InvariantCulture);
}
