namespace Harness.Formats.Forging;

/// <summary>
/// One architecture that can be forged: an entry of a table. A new one says its tensors, the metadata that only it has,
/// and the shapes of its probes.
/// </summary>
/// <param name="Name">The name in <c>general.architecture</c>.</param>
/// <param name="Tensors">The tensors of a model of a given shape.</param>
/// <param name="Probes">The probes' shapes by variant; the first is the default.</param>
internal sealed record ForgeArchitecture(
    string Name, Func<ForgeShape, IEnumerable<ForgeTensor>> Tensors, IReadOnlyList<ForgeProbe> Probes)
{
    /// <summary>An architecture whose probes have one form.</summary>
    public ForgeArchitecture(ForgeShape shape, Func<ForgeShape, IEnumerable<ForgeTensor>> tensors, ForgeKeys? keys = null)
        : this(shape.Architecture, tensors, [new ForgeProbe("default", shape)]) => Keys = keys ?? ForgeKeys.None;

    /// <summary>Metadata that all its models have, beside what <see cref="ForgeShape"/> says.</summary>
    public ForgeKeys Keys { get; init; } = ForgeKeys.None;
}

/// <summary>A probe's shape. Its vocabulary is that of its tokenizer, whatever the shape says.</summary>
/// <param name="Variant">The variant's name.</param>
/// <param name="Shape">All lengths and counts differ from one another; rows are multiples of 256.</param>
/// <param name="Keys">Metadata of this variant alone; it goes before that of the architecture.</param>
internal sealed record ForgeProbe(string Variant, ForgeShape Shape, ForgeKeys? Keys = null)
{
    /// <summary>This variant's tensors, where the shape does not tell them from those of the other variants.</summary>
    public Func<ForgeShape, IEnumerable<ForgeTensor>>? Tensors { get; init; }
}
