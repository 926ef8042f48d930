using System.Diagnostics.CodeAnalysis;

namespace Harness.Formats.Safetensors;

/// <summary>
/// The open safetensors files of one model, memory-mapped: one file, or the shards of an index. Bytes it hands out are views
/// of the mappings: they are valid until <see cref="Dispose"/>, and only while nobody shortens a file.
/// </summary>
public sealed class SafetensorsModel : IDisposable
{
    private readonly MappedFile[] maps;
    private readonly Dictionary<string, SafetensorsTensor> byName = new(StringComparer.Ordinal);

    private SafetensorsModel(
        MappedFile[] maps, IReadOnlyList<string> paths, IReadOnlyList<SafetensorsHeader> headers, IReadOnlyDictionary<string, string>? index, string? indexPath)
    {
        this.maps = maps;
        Headers = headers;
        Paths = paths;
        var tensors = new List<SafetensorsTensor>(headers.Sum(h => h.Tensors.Count));
        for (int shard = 0; shard < headers.Count; shard++)
        {
            foreach (SafetensorsTensor tensor in headers[shard].Tensors)
            {
                SafetensorsTensor placed = shard == 0 ? tensor : tensor with { Shard = shard };
                if (!byName.TryAdd(placed.Name, placed))
                {
                    throw new SafetensorsException(
                        $"the tensor '{placed.Name}' is also in {Path.GetFileName(Paths[byName[placed.Name].Shard])}", Paths[shard],
                        "The shards are of different models; download them again.");
                }

                tensors.Add(placed);
            }
        }

        Tensors = tensors;
        if (index is not null)
            Check(index, indexPath!);
    }

    /// <summary>The files, in order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The files' headers, in order.</summary>
    public IReadOnlyList<SafetensorsHeader> Headers { get; }

    /// <summary>The tensors of all files, in order of file and then of place.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>Opens one file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file; dispose it.</returns>
    /// <exception cref="SafetensorsException">It is damaged, or something else.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SafetensorsModel Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open([path], null, null);
    }

    /// <summary>
    /// Opens the weights of a directory: the shards its index names, or else its one file <c>model.safetensors</c>, or else
    /// the only safetensors file there is.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <returns>The open files; dispose them.</returns>
    /// <exception cref="SafetensorsException">There are none, one is missing or damaged, or the index disagrees with them.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SafetensorsModel OpenDirectory(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        (IReadOnlyList<string> paths, IReadOnlyDictionary<string, string>? index, string? indexPath) = SafetensorsShards.Locate(directory);
        return Open(paths, index, indexPath);
    }

    /// <summary>
    /// A model of which only the headers are here, as ranged requests bring them: everything is known of its tensors but
    /// their values. Those of a directory's index are compared with it.
    /// </summary>
    /// <param name="names">The files' names, in order.</param>
    /// <param name="headers">Their headers.</param>
    /// <param name="directory">Where the index lies, if there is one.</param>
    /// <returns>The model; its values cannot be read.</returns>
    /// <exception cref="SafetensorsException">A tensor is in two files, or the index disagrees with them.</exception>
    public static SafetensorsModel OfHeaders(IReadOnlyList<string> names, IReadOnlyList<SafetensorsHeader> headers, string directory)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(headers);
        (IReadOnlyDictionary<string, string>? index, string? path) = SafetensorsShards.FindIndex(directory);
        return new SafetensorsModel([], [.. names.Select(n => Path.Combine(directory, n))], headers, index, path);
    }

    /// <summary>Looks up a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Whether there is one of that name.</returns>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor) => byName.TryGetValue(name, out tensor);

    /// <summary>Some of a tensor's bytes.</summary>
    /// <param name="tensor">A tensor of this model.</param>
    /// <param name="start">The first byte wanted, counted from the tensor's first.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>The bytes; valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such bytes.</exception>
    public unsafe ReadOnlySpan<byte> GetBytes(SafetensorsTensor tensor, long start, int length)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, tensor.ByteLength - length);
        if (maps.Length == 0)
            throw new InvalidOperationException("Of this model only the headers are here.");
        return new ReadOnlySpan<byte>(maps[tensor.Shard].Slice(tensor.Offset + start, length), length);
    }

    /// <summary>Decodes some of a tensor's values.</summary>
    /// <param name="tensor">A tensor of this model.</param>
    /// <param name="first">The first value wanted, counted in the order of memory.</param>
    /// <param name="values">Filled to its end, as float32; what is wider is rounded.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such values.</exception>
    /// <exception cref="SafetensorsException">Values of its type are not decoded here.</exception>
    public void Read(SafetensorsTensor tensor, long first, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!SafetensorsValues.CanDecode(tensor.Type))
        {
            throw new SafetensorsException(
                $"values of type {tensor.Type.Name} cannot be read as numbers", $"{Paths[tensor.Shard]}, tensor '{tensor.Name}'", "Save the model in BF16, F16 or F32.");
        }

        int bytes = tensor.Type.Bits / 8;
        SafetensorsValues.Decode(tensor.Type, GetBytes(tensor, first * bytes, checked(values.Length * bytes)), values);
    }

    /// <summary>Unmaps the files. No bytes handed out may be used any more.</summary>
    public void Dispose()
    {
        foreach (MappedFile map in maps)
            map.Dispose();
    }

    private static SafetensorsModel Open(IReadOnlyList<string> paths, IReadOnlyDictionary<string, string>? index, string? indexPath)
    {
        var maps = new List<MappedFile>(paths.Count);
        try
        {
            var headers = new SafetensorsHeader[paths.Count];
            for (int i = 0; i < headers.Length; i++)
            {
                maps.Add(MappedFile.Open(paths[i], empty => new SafetensorsException("the file is empty", empty, "Download it again.")));
                headers[i] = ReadHeader(maps[i]);
            }

            return new SafetensorsModel([.. maps], [.. maps.Select(m => m.Path)], headers, index, indexPath);
        }
        catch
        {
            maps.ForEach(m => m.Dispose());
            throw;
        }
    }

    private static unsafe SafetensorsHeader ReadHeader(MappedFile map)
    {
        int visible = (int)Math.Min(map.Length, SafetensorsHeader.LongestHeader + sizeof(ulong));
        try
        {
            return SafetensorsHeader.Parse(new ReadOnlySpan<byte>(map.Slice(0, visible), visible), map.Length);
        }
        catch (SafetensorsException exception)
        {
            throw exception.In(map.Path);
        }
    }

    private void Check(IReadOnlyDictionary<string, string> index, string indexPath)
    {
        const string Remedy = "The index and the shards are of different models, or a shard was saved incompletely; download them again.";
        foreach ((string name, string file) in index)
        {
            if (!byName.TryGetValue(name, out SafetensorsTensor? tensor))
                throw new SafetensorsException($"the index places '{name}' in {file}, which does not have it", indexPath, Remedy);
            string holder = Path.GetFileName(Paths[tensor.Shard]);
            if (holder != file)
                throw new SafetensorsException($"the index places '{name}' in {file}, but {holder} has it", indexPath, Remedy);
        }

        if (Tensors.FirstOrDefault(t => !index.ContainsKey(t.Name)) is { } extra)
            throw new SafetensorsException($"{Path.GetFileName(Paths[extra.Shard])} has '{extra.Name}', which the index does not name", indexPath, Remedy);
    }
}
