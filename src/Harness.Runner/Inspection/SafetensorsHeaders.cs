using Harness.Conversion;
using Harness.Formats.Safetensors;
using Harness.Hub;

namespace Harness.Runner.Inspection;

/// <summary>
/// Reads the headers of models in safetensors. What stands in config.json and the tokenizer's files is small and read
/// whole; of the weights only the headers are. What it is for a backend, the header of its conversion says.
/// </summary>
internal static class SafetensorsHeaders
{
    private const string Extension = ".safetensors";

    public static bool IsOne(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>One file by itself: its tensors are known, and nothing of what computes with them.</summary>
    public static ModelHeaders OfFile(string path)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        using FileStream stream = File.OpenRead(path);
        SafetensorsHeader header = Read(stream, Path.GetFileName(path));
        return ModelConverter.IsModelDirectory(directory) && Directory.EnumerateFiles(directory, "*" + Extension).Count() == 1
            ? Make(directory, [Path.GetFileName(path)], [header])
            : new ModelHeaders([FileOf(Path.GetFileName(path), header)], [])
            {
                Safetensors = header.Tensors,
                NotConvertible = "a safetensors file alone names no architecture; give the directory with its config.json and tokenizer",
            };
    }

    /// <summary>A model directory.</summary>
    public static ModelHeaders OfDirectory(string directory)
    {
        using var files = SafetensorsModel.OpenDirectory(directory);
        return Make(directory, [.. files.Paths.Select(p => Path.GetFileName(p))], files.Headers, files);
    }

    /// <summary>A model on the hub: its small files are fetched, of the weights only the headers.</summary>
    public static async Task<ModelHeaders> OfHubAsync(HubClient hub, IReadOnlyList<ResolvedFile> files, CancellationToken cancellation)
    {
        ResolvedFile[] weights = [.. files.Where(f => IsOne(f.Path))], small = [.. files.Where(f => !IsOne(f.Path))];
        var headers = new List<SafetensorsHeader>();
        foreach (ResolvedFile file in weights)
        {
            using Stream stream = hub.OpenRead(file);
            headers.Add(Read(stream, file.Path));
        }

        if (small.FirstOrDefault(f => f.Path == "config.json") is null)
        {
            return new ModelHeaders([.. weights.Zip(headers, (file, header) => FileOf(file.Path, header))], [])
            {
                Safetensors = [.. headers.SelectMany(h => h.Tensors)],
                NotConvertible = "no config.json was asked for beside the weights: name the repository alone, without a file",
            };
        }

        IReadOnlyList<DownloadedFile> fetched = await hub.DownloadAsync(small, new DownloadOptions(), cancellation).ConfigureAwait(false);
        string directory = Path.GetDirectoryName(fetched.First(f => f.File.Path == "config.json").LocalPath)!;
        return Make(directory, [.. weights.Select(f => f.Path)], headers);
    }

    private static ModelHeaders Make(string directory, IReadOnlyList<string> names, IReadOnlyList<SafetensorsHeader> headers, SafetensorsModel? open = null)
    {
        using var model = open is null ? SafetensorsModel.OfHeaders(names, headers, directory) : null;
        SafetensorsModel files = open ?? model!;
        var read = new ModelHeaders([.. names.Zip(headers, FileOf)], []) { Safetensors = files.Tensors };
        try
        {
            return read with { Gguf = [ModelConverter.Preview(directory, files, new ConversionOptions())] };
        }
        catch (ConversionException e)
        {
            return read with { NotConvertible = $"it cannot be converted to GGUF: {e.What}; {e.Where}; {e.Step}. {e.Remedy}" };
        }
    }

    private static InspectedFile FileOf(string name, SafetensorsHeader header) => new(name, header.FileLength, header.DataOffset);

    private static SafetensorsHeader Read(Stream stream, string name)
    {
        try
        {
            return SafetensorsHeader.Read(stream);
        }
        catch (SafetensorsException e)
        {
            throw e.In(name);
        }
    }
}
