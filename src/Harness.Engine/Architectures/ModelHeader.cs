using System.Globalization;
using System.Numerics;
using Harness.Formats.Gguf;

namespace Harness.Engine.Architectures;

/// <summary>
/// What an architecture's reader sees of a model: its metadata under the architecture's prefix, and which tensors
/// there are. No weight is touched.
/// </summary>
public sealed class ModelHeader
{
    private readonly GgufMetadata metadata;
    private readonly Dictionary<string, GgufTensor> tensors;

    /// <summary>Reads the architecture's name.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="tensors">All tensors, of all shards.</param>
    /// <exception cref="GgufException">The metadata names no architecture.</exception>
    public ModelHeader(GgufMetadata metadata, IEnumerable<GgufTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        this.metadata = metadata;
        this.tensors = tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        Architecture = metadata.GetString("general.architecture");
    }

    /// <summary>The architecture's name: <c>llama</c>.</summary>
    public string Architecture { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors => tensors;

    /// <summary>Whether the file has a tensor.</summary>
    /// <param name="name">Its whole name.</param>
    /// <returns>True when it has.</returns>
    public bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>A count that must be there and be positive.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <returns>1 or more.</returns>
    public int Count(string key) => Positive(key, metadata.GetNumber<int>(Prefixed(key)));

    /// <summary>A count that may be absent.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="otherwise">What holds when it is.</param>
    /// <returns>The count.</returns>
    public int Count(string key, int otherwise) =>
        metadata.TryGetNumber(Prefixed(key), out int value) ? Positive(key, value) : otherwise;

    /// <summary>A number that may be absent.</summary>
    /// <typeparam name="T">The number type wanted.</typeparam>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="otherwise">What holds when it is.</param>
    /// <returns>The number.</returns>
    public T Number<T>(string key, T otherwise)
        where T : unmanaged, INumber<T> =>
        metadata.TryGetNumber(Prefixed(key), out T value) ? value : otherwise;

    /// <summary>A finite number that must be there.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <returns>The number.</returns>
    public float Single(string key) => Finite(key, metadata.GetSingle(Prefixed(key)));

    /// <summary>A finite number that may be absent.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="otherwise">What holds when it is.</param>
    /// <returns>The number.</returns>
    public float Single(string key, float otherwise) =>
        metadata.TryGetSingle(Prefixed(key), out float value) ? Finite(key, value) : otherwise;

    /// <summary>A word that may be absent.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="otherwise">What holds when it is.</param>
    /// <returns>The word.</returns>
    public string Word(string key, string otherwise) =>
        metadata.TryGetString(Prefixed(key), out string? value) ? value : otherwise;

    /// <summary>Counts given once for all layers or once for each.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="layers">How many layers there are.</param>
    /// <returns>One count a layer, each 1 or more; null when the key is absent.</returns>
    public int[]? CountsPerLayer(string key, int layers)
    {
        if (!metadata.TryGetPerLayer(Prefixed(key), layers, out ReadOnlyMemory<int> values))
            return null;

        int[] counts = values.ToArray();
        foreach (int count in counts)
            _ = Positive(key, count);
        return counts;
    }

    /// <summary>Counts given once for all layers or once for each, of which some may be 0: a layer without attention.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="layers">How many layers there are.</param>
    /// <returns>One count a layer, each 0 or more; null when the key is absent.</returns>
    public int[]? NumbersPerLayer(string key, int layers)
    {
        if (!metadata.TryGetPerLayer(Prefixed(key), layers, out ReadOnlyMemory<int> values))
            return null;

        int[] counts = values.ToArray();
        foreach (int count in counts)
        {
            if (count < 0)
                throw new ModelException(string.Create(CultureInfo.InvariantCulture, $"'{Prefixed(key)}' holds {count}; it cannot be negative."));
        }

        return counts;
    }

    /// <summary>Finite numbers given once for all layers or once for each.</summary>
    /// <param name="key">The whole key.</param>
    /// <param name="layers">How many layers there are.</param>
    /// <returns>One a layer; null when the key is absent.</returns>
    public float[]? SinglesPerLayer(string key, int layers)
    {
        if (!metadata.TryGetPerLayer(key, layers, out ReadOnlyMemory<float> values))
            return null;
        foreach (float value in values.Span)
        {
            if (!float.IsFinite(value))
                throw new ModelException($"'{key}' holds {value.ToString(CultureInfo.InvariantCulture)}; it must be finite.");
        }

        return values.ToArray();
    }

    /// <summary>An array of one truth value a layer, as bools or as numbers.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="layers">How many layers there are.</param>
    /// <returns>One a layer; null when the key is absent or holds no array.</returns>
    public bool[]? FlagsPerLayer(string key, int layers)
    {
        if (!metadata.TryGet(Prefixed(key), out GgufValue? value) || value.Type != GgufValueType.Array)
            return null;
        if (value.TryAsBooleans(out ReadOnlyMemory<bool> flags) && flags.Length >= layers)
            return flags[..layers].ToArray();
        return [.. NumbersPerLayer(key, layers)!.Select(n => n != 0)];
    }

    /// <summary>Whether the metadata has a key.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <returns>True when it has.</returns>
    public bool HasKey(string key) => metadata.Contains(Prefixed(key));

    /// <summary>Yes or no, which may be absent.</summary>
    /// <param name="key">The key, without the architecture's prefix.</param>
    /// <param name="otherwise">What holds when it is.</param>
    /// <returns>The answer.</returns>
    public bool Flag(string key, bool otherwise = false) =>
        metadata.TryGetBoolean(Prefixed(key), out bool value) ? value : otherwise;

    /// <summary>The metadata as it is, for what the other members do not read.</summary>
    public GgufMetadata Metadata => metadata;

    /// <summary>The key with the architecture's prefix, as errors name it.</summary>
    /// <param name="key">The key without it.</param>
    /// <returns>The whole key.</returns>
    public string Prefixed(string key) => $"{Architecture}.{key}";

    private int Positive(string key, int value) => value > 0
        ? value
        : throw new ModelException(
            $"'{Prefixed(key)}' is {value.ToString(CultureInfo.InvariantCulture)}; it must be positive.");

    private float Finite(string key, float value) => float.IsFinite(value)
        ? value
        : throw new ModelException($"'{Prefixed(key)}' is {value.ToString(CultureInfo.InvariantCulture)}; it must be finite.");
}
