using System.Collections;
using Harness.Formats.Gguf;

namespace Harness.Formats.Forging;

/// <summary>
/// Metadata of an architecture, written as a collection: <c>{ "attention.sliding_window", 24 }, { "logit_scale", 0.5f }</c>.
/// A key gets the architecture's prefix unless it begins with <c>general.</c>, <c>tokenizer.</c> or <c>xielu.</c>. What is set here
/// replaces what the shape says; an absent key leaves it out.
/// </summary>
internal sealed class ForgeKeys : IEnumerable<KeyValuePair<string, GgufValue?>>
{
    // llama.cpp's four keys of xIELU bear no architecture.
    private static readonly string[] Unprefixed = ["general.", "tokenizer.", "xielu."];

    private readonly List<KeyValuePair<string, GgufValue?>> keys = [];

    public static ForgeKeys None { get; } = [];

    /// <summary>Counts are unsigned 32-bit, as converters write them.</summary>
    public void Add(string key, int value) => Add(key, GgufValue.Of((uint)value));

    public void Add(string key, float value) => Add(key, GgufValue.Of(value));

    public void Add(string key, bool value) => Add(key, GgufValue.Of(value));

    public void Add(string key, string value) => Add(key, GgufValue.Of(value));

    /// <summary>A number a layer, or the lengths of sections: signed 32-bit, as converters write them.</summary>
    public void Add(string key, int[] values) => Add(key, GgufValue.OfArray(values));

    public void Add(string key, float[] values) => Add(key, GgufValue.OfArray(values));

    public void Add(string key, bool[] values) => Add(key, GgufValue.OfArray(values));

    public void Add(string key, GgufValue? value) => keys.Add(new(key, value));

    /// <summary>These keys and others; the others go before.</summary>
    public ForgeKeys And(ForgeKeys others)
    {
        ForgeKeys both = [];
        both.keys.AddRange(keys);
        both.keys.AddRange(others.keys);
        return both;
    }

    /// <summary>These keys, and others left out.</summary>
    public ForgeKeys Without(params ReadOnlySpan<string> absent)
    {
        ForgeKeys fewer = And(None);
        foreach (string key in absent)
            fewer.keys.Add(new(key, null));
        return fewer;
    }

    /// <summary>The whole key, with its prefix.</summary>
    public static string Prefixed(string architecture, string key) =>
        Unprefixed.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
            ? key
            : $"{architecture}.{key}";

    public IEnumerator<KeyValuePair<string, GgufValue?>> GetEnumerator() => keys.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
