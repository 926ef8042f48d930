using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Harness.Formats.Safetensors;

/// <summary>Finds the files of a model in its directory.</summary>
internal static partial class SafetensorsShards
{
    public const string IndexName = "model.safetensors.index.json";
    public const string OnlyName = "model.safetensors";

    // Those of the largest models have some ten megabytes.
    private const long LongestIndex = 100_000_000;

    /// <summary>The files in order, and the index with its path where there is one.</summary>
    public static (IReadOnlyList<string> Paths, IReadOnlyDictionary<string, string>? Index, string? IndexPath) Locate(string directory)
    {
        string indexPath = Path.Combine(directory, IndexName);
        if (File.Exists(indexPath))
        {
            Dictionary<string, string> index = ReadIndex(indexPath);
            string[] names = [.. index.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            string[] missing = [.. names.Where(n => !File.Exists(Path.Combine(directory, n)))];
            if (missing.Length > 0)
            {
                throw new SafetensorsException(
                    $"{Count(missing.Length)} of {Count(names.Length)} shards {(missing.Length == 1 ? "is" : "are")} missing: {Some(missing)}", indexPath,
                    "Download the missing files into the same directory.");
            }

            return ([.. names.Select(n => Path.Combine(directory, n))], index, indexPath);
        }

        string only = Path.Combine(directory, OnlyName);
        if (File.Exists(only))
            return ([only], null, null);
        string[] files = [.. Directory.EnumerateFiles(directory, "*.safetensors").Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
        if (files.Length == 1 && !Numbered().IsMatch(files[0]))
            return ([Path.Combine(directory, files[0])], null, null);
        if (files.Length == 0)
        {
            bool pickled = Directory.EnumerateFiles(directory, "*.bin").Any();
            throw new SafetensorsException(
                "there are no safetensors files", directory,
                pickled ? "The weights are in PyTorch's own format; save the model as safetensors, or download that revision." : "Give the directory that holds config.json and the weights.");
        }

        return (Complete(directory, files), null, null);
    }

    /// <summary>The index of a directory with its path, where there is one.</summary>
    public static (IReadOnlyDictionary<string, string>? Index, string? Path) FindIndex(string directory)
    {
        string path = Path.Combine(directory, IndexName);
        return File.Exists(path) ? (ReadIndex(path), path) : (null, null);
    }

    /// <summary>Shards without an index: their own numbers say whether they are all there.</summary>
    private static List<string> Complete(string directory, string[] files)
    {
        Match[] matches = [.. files.Select(f => Numbered().Match(f)).Where(m => m.Success)];
        if (matches.Length == 0 || matches.Select(m => (m.Groups[1].Value, m.Groups[3].Value)).Distinct().Count() != 1)
        {
            throw new SafetensorsException(
                $"there are {Count(files.Length)} safetensors files and no {IndexName} that says which belong to the model: {Some(files)}", directory,
                $"Download {IndexName} too, or leave only the model's files there.");
        }

        int count = int.Parse(matches[0].Groups[3].ValueSpan, CultureInfo.InvariantCulture);
        string[] missing =
        [
            .. Enumerable.Range(1, count)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"{matches[0].Groups[1].Value}-{i:D5}-of-{count:D5}.safetensors"))
                .Except(files, StringComparer.Ordinal),
        ];
        if (missing.Length > 0)
            throw new SafetensorsException($"{Count(missing.Length)} of {Count(count)} shards missing: {Some(missing)}", directory, "Download the missing files into the same directory.");
        return [.. matches.Select(m => Path.Combine(directory, m.Value)).Order(StringComparer.Ordinal)];
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        const string Remedy = "Download it again.";
        if (new FileInfo(path).Length > LongestIndex)
            throw new SafetensorsException("the index is longer than 100 MB", path, Remedy);
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("weight_map", out JsonElement map)
                || map.ValueKind != JsonValueKind.Object)
            {
                throw new SafetensorsException("the index has no object 'weight_map'", path, Remedy);
            }

            foreach (JsonProperty entry in map.EnumerateObject())
            {
                // The name of a file beside the index, and nothing that leads elsewhere.
                string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                if (string.IsNullOrEmpty(file) || file.AsSpan().ContainsAny('/', '\\', '\0') || file is "." or "..")
                    throw new SafetensorsException($"the index does not say in which file '{entry.Name}' is", path, Remedy);
                if (!index.TryAdd(entry.Name, file))
                    throw new SafetensorsException($"the index names '{entry.Name}' twice", path, Remedy);
            }
        }
        catch (JsonException exception)
        {
            throw new SafetensorsException($"the index is not JSON: {exception.Message}", path, Remedy, exception);
        }

        return index.Count > 0 ? index : throw new SafetensorsException("the index names no tensors", path, Remedy);
    }

    private static string Some(string[] names) =>
        names.Length <= 5 ? string.Join(", ", names) : $"{string.Join(", ", names[..5])} and {Count(names.Length - 5)} more";

    private static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(.+)-([0-9]{5})-of-([0-9]{5})\.safetensors$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Numbered();
}
