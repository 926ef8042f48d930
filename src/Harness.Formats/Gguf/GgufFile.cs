using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Harness.Formats.Gguf;

/// <summary>
/// An open GGUF model, memory-mapped, all shards of it. Bytes it hands out are views of the mapping: they are valid
/// until <see cref="Dispose"/>, and only while nobody shortens the file.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly MappedFile[] maps;
    private readonly Dictionary<string, GgufTensor> byName;

    private GgufFile(MappedFile[] maps, GgufHeader[] shards, List<GgufTensor> tensors, Dictionary<string, GgufTensor> byName)
    {
        this.maps = maps;
        Shards = shards;
        Tensors = tensors;
        this.byName = byName;
        Paths = Array.ConvertAll(maps, m => m.Path);
    }

    /// <summary>The shards' headers, in order; one for a file that is not split.</summary>
    public IReadOnlyList<GgufHeader> Shards { get; }

    /// <summary>The shards' paths, in order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The metadata: the first shard's.</summary>
    public GgufMetadata Metadata => Shards[0].Metadata;

    /// <summary>The tensors of all shards, in order of shard and then of file.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Bytes of all shards' files together.</summary>
    public long FileLength => Shards.Sum(s => s.FileLength);

    /// <summary>Opens a model. Any shard of a split model opens all of it.</summary>
    /// <param name="path">A file.</param>
    /// <returns>The open model; dispose it.</returns>
    /// <exception cref="GgufException">A file is not GGUF, is damaged, or a shard is missing.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var maps = new List<MappedFile>();
        try
        {
            MappedFile first = Map(path, maps);
            GgufHeader header = ReadHeader(first);
            string[] paths = GgufShards.Locate(path, header);
            if (paths.Length == 1)
                return Create(maps, [header]);

            // The opened file may be any of the shards: start over in their order.
            first.Dispose();
            maps.Clear();
            var headers = new GgufHeader[paths.Length];
            for (int i = 0; i < paths.Length; i++)
            {
                headers[i] = ReadHeader(Map(paths[i], maps));
                GgufShards.Check(headers[i], i, headers[0], paths[i]);
            }

            GgufShards.CheckTotal(headers, paths[0]);
            return Create(maps, headers);
        }
        catch
        {
            maps.ForEach(m => m.Dispose());
            throw;
        }
    }

    /// <summary>Looks up a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Whether there is one of that name.</returns>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out GgufTensor? tensor) => byName.TryGetValue(name, out tensor);

    /// <summary>A tensor that must be there.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="GgufException">There is none of that name.</exception>
    public GgufTensor GetTensor(string name) => TryGetTensor(name, out GgufTensor? tensor)
        ? tensor
        : throw new GgufException(
            $"the tensor '{name}' is missing",
            Paths[0],
            "The file is for another architecture or was converted incompletely; download or convert it again.");

    /// <summary>
    /// A tensor's bytes where they lie, <see cref="GgufTensor.ByteLength"/> of them; for tensors of any size.
    /// </summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <returns>The first byte; valid until <see cref="Dispose"/>.</returns>
    public unsafe byte* GetPointer(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return maps[tensor.Shard].Slice(tensor.Offset, tensor.ByteLength);
    }

    /// <summary>A tensor's bytes, up to 2 GiB.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <returns>All its bytes; valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentException">The tensor is longer than a span can be.</exception>
    public ReadOnlySpan<byte> GetBytes(GgufTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.ByteLength > int.MaxValue)
            throw new ArgumentException($"The tensor '{tensor.Name}' is longer than 2 GiB; ask for some of its rows.", nameof(tensor));
        return GetBytes(tensor, 0, (int)tensor.ByteLength);
    }

    /// <summary>Some of a tensor's bytes.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="start">The first byte wanted, counted from the tensor's first.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>The bytes; valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such bytes.</exception>
    public unsafe ReadOnlySpan<byte> GetBytes(GgufTensor tensor, long start, int length)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, tensor.ByteLength - length);
        return new ReadOnlySpan<byte>(GetPointer(tensor) + start, length);
    }

    /// <summary>Whole rows of a tensor.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="firstRow">From 0 to <see cref="GgufTensor.RowCount"/> − 1.</param>
    /// <param name="count">How many rows.</param>
    /// <returns>Their bytes; valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such rows.</exception>
    public ReadOnlySpan<byte> GetRows(GgufTensor tensor, long firstRow, int count)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return GetBytes(tensor, firstRow * tensor.RowBytes, checked((int)(count * tensor.RowBytes)));
    }

    /// <summary>Copies some of a tensor's bytes.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="start">The first byte wanted, counted from the tensor's first.</param>
    /// <param name="destination">Filled to its end.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has no such bytes.</exception>
    public void Read(GgufTensor tensor, long start, Span<byte> destination) =>
        GetBytes(tensor, start, destination.Length).CopyTo(destination);

    /// <summary>Unmaps the files. No bytes handed out may be used any more.</summary>
    public void Dispose()
    {
        foreach (MappedFile map in maps)
            map.Dispose();
    }

    private static MappedFile Map(string path, List<MappedFile> maps)
    {
        var map = MappedFile.Open(path, empty => new GgufException("the file is empty", empty, "Download it again."));
        maps.Add(map);
        return map;
    }

    private static unsafe GgufHeader ReadHeader(MappedFile map)
    {
        // A header beyond 2 GiB is no header: the span's length is bound enough.
        int visible = (int)Math.Min(map.Length, int.MaxValue);
        var prefix = new ReadOnlySpan<byte>(map.Slice(0, visible), visible);
        try
        {
            return GgufHeader.TryParse(prefix, map.Length, out GgufHeader? header, out _)
                ? header
                : throw new GgufException("the header is longer than 2 GiB", "header", "No real model has such a header; the file is damaged.");
        }
        catch (GgufException exception)
        {
            throw exception.In(map.Path);
        }
    }

    private static GgufFile Create(List<MappedFile> maps, GgufHeader[] shards)
    {
        var tensors = new List<GgufTensor>(shards.Sum(s => s.Tensors.Count));
        var byName = new Dictionary<string, GgufTensor>(tensors.Capacity, StringComparer.Ordinal);
        for (int i = 0; i < shards.Length; i++)
        {
            foreach (GgufTensor tensor in shards[i].Tensors)
            {
                GgufTensor placed = i == 0 ? tensor : tensor with { Shard = i };
                if (!byName.TryAdd(placed.Name, placed))
                {
                    string other = (byName[placed.Name].Shard + 1).ToString(CultureInfo.InvariantCulture);
                    throw new GgufException(
                        $"the tensor '{placed.Name}' is also in shard {other}", maps[i].Path, "The shards are of different models; download them again.");
                }

                tensors.Add(placed);
            }
        }

        return new GgufFile([.. maps], shards, tensors, byName);
    }
}
