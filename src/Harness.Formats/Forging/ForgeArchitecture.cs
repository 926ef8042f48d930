namespace Harness.Formats.Forging;

/// <summary>
/// One architecture that can be forged: an entry of a table. A new one says its tensors, the metadata that only it has,
/// and the shapes of its probes.
/// </summary>
/// <param name="Name">The name in <c>general.architecture</c>.</param>
/// <param name="Tensors">The tensors of a model of a given shape.</param>
/// <param name="Probes">The probes' shapes by variant; the first is the default.</param>
internal sealed record ForgeArchitecture(
    string Name, Func<ForgeShape, IEnumerable<ForgeTensor>> Tensors, IReadOnlyList<ForgeProbe> Probes);

/// <summary>A probe's shape. Its vocabulary is that of its tokenizer, whatever the shape says.</summary>
/// <param name="Variant">The variant's name.</param>
/// <param name="Shape">All lengths and counts differ from one another; rows are multiples of 256.</param>
internal sealed record ForgeProbe(string Variant, ForgeShape Shape);
