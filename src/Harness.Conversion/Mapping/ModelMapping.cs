using Harness.Conversion.Source;

namespace Harness.Conversion.Mapping;

/// <summary>One architecture that can be converted: an entry of a table.</summary>
/// <param name="Architecture">The name in <c>general.architecture</c>.</param>
/// <param name="Classes">The classes of the transformers library whose models it is: what config.json calls <c>architectures</c>.</param>
/// <param name="Tensors">The tensors, taken from the model's own.</param>
/// <param name="Keys">Metadata beside what <see cref="CommonKeys"/> reads; goes before it.</param>
internal sealed record ModelMapping(
    string Architecture,
    IReadOnlyList<string> Classes,
    Func<SourceModel, IEnumerable<MappedTensor>> Tensors,
    Func<SourceModel, ModelKeys>? Keys = null)
{
    /// <summary>Fields that the class gives a value of their own where config.json is silent, as JSON; null for none.</summary>
    public string? Defaults { get; init; }

    /// <summary>What the configuration must not say otherwise.</summary>
    public IReadOnlyList<Demand> Demands { get; init; } = [];

    /// <summary>Whether SentencePiece puts no space before the text, whatever the tokenizer's files say.</summary>
    public bool? AddSpacePrefix { get; init; }
}
