namespace Harness.Engine.Blueprints;

/// <summary>
/// Alternating updates (Baykal et al., 2023), as in Gemma 3n: beside the residual stream run others as wide. Each layer
/// first predicts all of them from all of them, computes with the first, and corrects the others by how far the prediction
/// missed; then its own input joins all but the first.
/// </summary>
/// <param name="Streams">How many, the residual stream included; at least 2.</param>
/// <param name="RouterNorm">The norm of what decides about the mixing: <c>tanh(router(norm(x) / width))</c>.</param>
/// <param name="Input">The layer's input, made from the corrected first stream.</param>
/// <param name="InputNorm">The norm behind it.</param>
public sealed record AltUpBlueprint(int Streams, NormBlueprint RouterNorm, PerLayerInputBlueprint Input, NormBlueprint InputNorm);
