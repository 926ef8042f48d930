using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Harness.Formats.Gguf;

/// <summary>
/// A file's metadata, in the file's order. The typed methods accept any integer width that holds the value, since
/// writers differ; a value of another kind is a <see cref="GgufException"/> that names the key, what was expected and
/// what was found. <c>TryGet…</c> return false only when the key is absent.
/// </summary>
public sealed class GgufMetadata : IReadOnlyList<KeyValuePair<string, GgufValue>>
{
    private readonly List<KeyValuePair<string, GgufValue>> entries;
    private readonly Dictionary<string, int> byKey;

    internal GgufMetadata(List<KeyValuePair<string, GgufValue>> entries, Dictionary<string, int> byKey)
    {
        this.entries = entries;
        this.byKey = byKey;
    }

    /// <summary>Gathers entries; a later entry of the same key is refused.</summary>
    /// <param name="entries">Keys and values, in order.</param>
    public GgufMetadata(IEnumerable<KeyValuePair<string, GgufValue>> entries)
    {
        this.entries = [.. entries];
        byKey = new Dictionary<string, int>(this.entries.Count, StringComparer.Ordinal);
        for (int i = 0; i < this.entries.Count; i++)
            byKey.Add(this.entries[i].Key, i);
    }

    /// <summary>How many entries there are.</summary>
    public int Count => entries.Count;

    /// <summary>An entry by its place in the file.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public KeyValuePair<string, GgufValue> this[int index] => entries[index];

    /// <summary>Whether the key is there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True when it is.</returns>
    public bool Contains(string key) => byKey.ContainsKey(key);

    /// <summary>Looks up a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether the key is there.</returns>
    public bool TryGet(string key, [NotNullWhen(true)] out GgufValue? value)
    {
        bool found = byKey.TryGetValue(key, out int index);
        value = found ? entries[index].Value : null;
        return found;
    }

    /// <summary>Looks up a string.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The text.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">The value is not a string.</exception>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (!TryGet(key, out GgufValue? found))
            return false;
        if (!found.TryAsString(out string text))
            throw WrongType(key, "a string", found);
        value = text;
        return true;
    }

    /// <summary>Looks up a truth value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">The value is not a bool.</exception>
    public bool TryGetBoolean(string key, out bool value)
    {
        value = false;
        if (!TryGet(key, out GgufValue? found))
            return false;
        return found.TryAsBoolean(out value) ? true : throw WrongType(key, "a bool", found);
    }

    /// <summary>Looks up a number.</summary>
    /// <typeparam name="T">The number type wanted; integers are accepted in any width that holds the value.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">The value is not a number, or does not fit.</exception>
    public bool TryGetNumber<T>(string key, out T value)
        where T : unmanaged, INumber<T>
    {
        value = default;
        if (!TryGet(key, out GgufValue? found))
            return false;
        return found.TryAsNumber(out value) ? true : throw WrongType(key, $"a number that fits {NameOf<T>()}", found);
    }

    /// <summary>Looks up a count or an id.</summary>
    /// <inheritdoc cref="TryGetNumber{T}" path="/exception"/>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    /// <returns>Whether the key is there.</returns>
    public bool TryGetUInt32(string key, out uint value) => TryGetNumber(key, out value);

    /// <summary>Looks up a number as float32.</summary>
    /// <inheritdoc cref="TryGetNumber{T}" path="/exception"/>
    /// <param name="key">The key.</param>
    /// <param name="value">The number.</param>
    /// <returns>Whether the key is there.</returns>
    public bool TryGetSingle(string key, out float value) => TryGetNumber(key, out value);

    /// <summary>Looks up an array of numbers.</summary>
    /// <typeparam name="T">The number type wanted; integers are accepted in any width that holds every value.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="values">The elements; no copy where the stored type is <typeparamref name="T"/>.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">The value is not an array of numbers, or one does not fit.</exception>
    public bool TryGetArray<T>(string key, out ReadOnlyMemory<T> values)
        where T : unmanaged, INumber<T>
    {
        values = default;
        if (!TryGet(key, out GgufValue? found))
            return false;
        return found.TryAsArray(out values)
            ? true
            : throw WrongType(key, $"an array of numbers that fit {NameOf<T>()}", found);
    }

    /// <summary>Looks up an array of strings.</summary>
    /// <param name="key">The key.</param>
    /// <param name="strings">The strings.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">The value is not an array of strings.</exception>
    public bool TryGetStrings(string key, [NotNullWhen(true)] out GgufStringArray? strings)
    {
        strings = null;
        if (!TryGet(key, out GgufValue? found))
            return false;
        if (!found.TryAsStrings(out GgufStringArray array))
            throw WrongType(key, "an array of strings", found);
        strings = array;
        return true;
    }

    /// <summary>
    /// Looks up a value that is one number for all layers or an array of one number a layer, as head counts and
    /// feed-forward lengths are.
    /// </summary>
    /// <typeparam name="T">The number type wanted.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="values">One number a layer; an array that is longer than the layers is cut.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="GgufException">Neither a number nor a long enough array of numbers.</exception>
    public bool TryGetPerLayer<T>(string key, int layers, out ReadOnlyMemory<T> values)
        where T : unmanaged, INumber<T>
    {
        values = default;
        if (!TryGet(key, out GgufValue? found))
            return false;
        if (found.TryAsNumber(out T one))
        {
            var all = new T[layers];
            Array.Fill(all, one);
            values = all;
            return true;
        }

        if (!found.TryAsArray(out values) || values.Length < layers)
        {
            string count = layers.ToString(CultureInfo.InvariantCulture);
            throw WrongType(key, $"a number that fits {NameOf<T>()}, or an array of {count} of them", found);
        }

        values = values[..layers];
        return true;
    }

    /// <summary>A string that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The text.</returns>
    /// <exception cref="GgufException">Absent, or not a string.</exception>
    public string GetString(string key) => TryGetString(key, out string? value) ? value : throw Missing(key, "string");

    /// <summary>A number that must be there.</summary>
    /// <typeparam name="T">The number type wanted.</typeparam>
    /// <param name="key">The key.</param>
    /// <returns>The number.</returns>
    /// <exception cref="GgufException">Absent, not a number, or it does not fit.</exception>
    public T GetNumber<T>(string key)
        where T : unmanaged, INumber<T> =>
        TryGetNumber(key, out T value) ? value : throw Missing(key, NameOf<T>());

    /// <summary>A count or an id that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The number.</returns>
    /// <exception cref="GgufException">Absent, not an integer, or it does not fit.</exception>
    public uint GetUInt32(string key) => GetNumber<uint>(key);

    /// <summary>A number that must be there, as float32.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The number.</returns>
    /// <exception cref="GgufException">Absent, or not a number.</exception>
    public float GetSingle(string key) => GetNumber<float>(key);

    /// <summary>An array of numbers that must be there.</summary>
    /// <typeparam name="T">The number type wanted.</typeparam>
    /// <param name="key">The key.</param>
    /// <returns>The elements.</returns>
    /// <exception cref="GgufException">Absent, not an array of numbers, or one does not fit.</exception>
    public ReadOnlyMemory<T> GetArray<T>(string key)
        where T : unmanaged, INumber<T> =>
        TryGetArray(key, out ReadOnlyMemory<T> values) ? values : throw Missing(key, $"array of {NameOf<T>()}");

    /// <summary>An array of strings that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The strings.</returns>
    /// <exception cref="GgufException">Absent, or not an array of strings.</exception>
    public GgufStringArray GetStrings(string key) =>
        TryGetStrings(key, out GgufStringArray? strings) ? strings : throw Missing(key, "array of strings");

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static GgufException Missing(string key, string expected) => new(
        $"the metadata lacks '{key}' ({expected})",
        $"key '{key}'",
        "The file was written for something else or by a converter that left it out; convert the model again.");

    private static GgufException WrongType(string key, string expected, GgufValue found)
    {
        string value = found.Type == GgufValueType.Array ? found.ToString() : $"{found.TypeName} {Shorten(found.ToString())}";
        return new(
            $"'{key}' must be {expected}, but is {value}",
            $"key '{key}'",
            "The converter that wrote the file is wrong or newer than the harness; convert the model again.");
    }

    private static string Shorten(string text) => text.Length <= 60 ? $"'{text}'" : $"'{text[..60]}…'";

    private static string NameOf<T>() => default(T) switch
    {
        uint => "uint32",
        int => "int32",
        ulong => "uint64",
        long => "int64",
        float => "float32",
        double => "float64",
        ushort => "uint16",
        short => "int16",
        byte => "uint8",
        sbyte => "int8",
        _ => typeof(T).Name,
    };
}
