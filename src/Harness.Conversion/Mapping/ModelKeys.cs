using System.Collections;
using Harness.Conversion.Source;
using Harness.Formats.Gguf;

namespace Harness.Conversion.Mapping;

/// <summary>
/// Metadata of an architecture, written as a collection: <c>{ "attention.sliding_window", 4096 }</c>. A key gets the
/// architecture's prefix; a value that is null leaves the key out, also where <see cref="CommonKeys"/> has one.
/// </summary>
internal sealed class ModelKeys : IEnumerable<KeyValuePair<string, GgufValue?>>
{
    private readonly List<KeyValuePair<string, GgufValue?>> keys = [];

    /// <summary>A count or length: unsigned 32-bit, as converters write them.</summary>
    public void Add(string key, long? value) => Add(key, value is { } count ? GgufValue.Of(checked((uint)count)) : null);

    public void Add(string key, Dim? value) => Add(key, value?.Value);

    public void Add(string key, double? value) => Add(key, value is { } number ? GgufValue.Of((float)number) : null);

    public void Add(string key, bool? value) => Add(key, value is { } flag ? GgufValue.Of(flag) : null);

    public void Add(string key, string? value) => Add(key, value is not null ? GgufValue.Of(value) : null);

    public void Add(string key, bool[]? value) => Add(key, value is not null ? GgufValue.OfArray(value) : null);

    public void Add(string key, int[]? value) => Add(key, value is not null ? GgufValue.OfArray(value) : null);

    public void Add(string key, GgufValue? value) => keys.Add(new(key, value));

    public void Add(KeyValuePair<string, GgufValue?> entry) => keys.Add(entry);

    public IEnumerator<KeyValuePair<string, GgufValue?>> GetEnumerator() => keys.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
