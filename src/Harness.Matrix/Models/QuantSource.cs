namespace Harness.Matrix;

/// <summary>How one quantization of a model is had.</summary>
/// <param name="Quantization">The quantization.</param>
/// <param name="Origin">Where its files come from.</param>
/// <param name="File">
/// Hub: the file's name in the repository, possibly with wildcards (a sharded file matches with all its shards).
/// Trained: a path relative to the catalogue's directory, with <c>/</c>. Local: a file's full path. Converted: a model
/// directory's. Else null.
/// </param>
/// <param name="Parent">Name of the quantization this one is made from, for <see cref="VariantOrigin.Quantized"/>; else null.</param>
/// <param name="Unverified">Whether nobody checked that this file exists.</param>
public sealed record QuantSource(Quantization Quantization, VariantOrigin Origin, string? File, string? Parent, bool Unverified);
