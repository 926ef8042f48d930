using System.Globalization;
using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Formats.Gguf;

namespace Harness.Conversion.Target;

/// <summary>The metadata of a converted file, its tokenizer aside.</summary>
internal static class GeneralKeys
{
    public static IEnumerable<KeyValuePair<string, GgufValue>> Of(
        string directory, ModelMapping mapping, SourceModel source, FileType type, long parameters, string? name)
    {
        yield return new("general.architecture", GgufValue.Of(mapping.Architecture));
        yield return new("general.type", GgufValue.Of("model"));
        yield return new("general.name", GgufValue.Of(name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)))));
        yield return new("general.size_label", GgufValue.Of(SizeLabel(parameters)));

        // What only this architecture says goes before what nearly all say.
        var keys = new Dictionary<string, GgufValue?>(StringComparer.Ordinal);
        foreach ((string key, GgufValue? value) in CommonKeys.Of(source))
            keys[key] = value;
        foreach ((string key, GgufValue? value) in mapping.Keys?.Invoke(source) ?? [])
            keys[key] = value;
        foreach ((string key, GgufValue? value) in keys)
        {
            if (value is not null)
                yield return new($"{mapping.Architecture}.{key}", value);
        }

        yield return new("general.file_type", GgufValue.Of(type.Number));
        yield return new("general.quantization_version", GgufValue.Of(2u));
        yield return new("harness.origin", GgufValue.Of("converted"));
        yield return new("harness.converter.version", GgufValue.Of((uint)ModelConverter.Version));
    }

    /// <summary>Weights in the unit that leaves a number below a thousand: <c>1.5B</c>, <c>494M</c>.</summary>
    private static string SizeLabel(long parameters)
    {
        (double scaled, string unit) = parameters switch
        {
            >= 1_000_000_000_000 => (parameters / 1e12, "T"),
            >= 1_000_000_000 => (parameters / 1e9, "B"),
            >= 1_000_000 => (parameters / 1e6, "M"),
            _ => (parameters / 1e3, "K"),
        };
        return scaled.ToString(scaled < 10 ? "0.#" : "0", CultureInfo.InvariantCulture) + unit;
    }
}
