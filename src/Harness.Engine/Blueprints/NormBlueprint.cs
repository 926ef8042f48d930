namespace Harness.Engine.Blueprints;

/// <summary>How activations are normalised.</summary>
public enum NormKind
{
    /// <summary>x / sqrt(mean(x²) + ε) × w (Zhang and Sennrich, 2019).</summary>
    Rms,

    /// <summary>(x − mean(x)) / sqrt(var(x) + ε) × w + b (Ba, Kiros and Hinton, 2016).</summary>
    Layer,
}

/// <summary>A norm.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Epsilon">Added under the root.</param>
/// <param name="Tensor">
/// The name of its tensors without <c>.weight</c> and <c>.bias</c>, within the layer: <c>attn_norm</c>. Null for a norm
/// that has none. A bias is added where the file has one.
/// </param>
public sealed record NormBlueprint(NormKind Kind, float Epsilon, string? Tensor)
{
    /// <summary>The norm's name in features.</summary>
    internal string Name => (Kind == NormKind.Rms ? "rms" : "layer-norm") + (Tensor is null ? " without weight" : string.Empty);
}
