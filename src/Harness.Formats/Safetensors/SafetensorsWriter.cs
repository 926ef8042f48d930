using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace Harness.Formats.Safetensors;

/// <summary>Supplies some of a tensor's stored bytes.</summary>
/// <param name="start">The first byte wanted, counted from the tensor's first.</param>
/// <param name="bytes">Filled to its end.</param>
public delegate void SafetensorsFill(long start, Span<byte> bytes);

/// <summary>
/// Describes a safetensors file and writes it: the same description is the same bytes. Tensors' bytes are asked for while the
/// file is written, so a file may be far larger than memory.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int ChunkBytes = 4 << 20;

    private readonly List<(string Name, SafetensorsType Type, ImmutableArray<long> Shape, long Bytes, SafetensorsFill Fill)> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <summary>Sets a text of <c>__metadata__</c>.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="value">The text.</param>
    /// <returns>This writer.</returns>
    public SafetensorsWriter Set(string key, string value)
    {
        metadata[key] = value;
        return this;
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its values.</param>
    /// <param name="shape">Its lengths, the one that lies together in memory last; none for a single value.</param>
    /// <param name="fill">Supplies its bytes.</param>
    /// <returns>This writer.</returns>
    /// <exception cref="ArgumentException">The name is taken, or a length is negative.</exception>
    public SafetensorsWriter Add(string name, SafetensorsType type, ReadOnlySpan<long> shape, SafetensorsFill fill)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(fill);
        long elements = 1;
        foreach (long length in shape)
            elements = length >= 0 ? checked(elements * length) : throw new ArgumentException($"'{name}' has a negative length.", nameof(shape));
        long bits = checked(elements * type.Bits);
        if (bits % 8 != 0)
            throw new ArgumentException($"'{name}' does not end with a byte.", nameof(shape));
        if (name == "__metadata__" || !names.Add(name))
            throw new ArgumentException($"There can be no tensor '{name}', or not twice.", nameof(name));
        tensors.Add((name, type, ImmutableArray.Create(shape), bits / 8, fill));
        return this;
    }

    /// <summary>Adds a tensor whose bytes are in memory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its values.</param>
    /// <param name="shape">Its lengths, the one that lies together in memory last.</param>
    /// <param name="bytes">All its bytes; kept, not copied.</param>
    /// <returns>This writer.</returns>
    /// <exception cref="ArgumentException">The name is taken, or the bytes do not suit type and shape.</exception>
    public SafetensorsWriter Add(string name, SafetensorsType type, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes)
    {
        Add(name, type, shape, (start, part) => bytes.Span.Slice(checked((int)start), part.Length).CopyTo(part));
        if (tensors[^1].Bytes == bytes.Length)
            return this;
        names.Remove(name);
        tensors.RemoveAt(tensors.Count - 1);
        throw new ArgumentException($"'{name}' has {SafetensorsHeader.Number(bytes.Length)} bytes, not what its type and shape take.", nameof(bytes));
    }

    /// <summary>Writes the file front to back.</summary>
    /// <param name="destination">Need not seek.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public void Write(Stream destination, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(destination);

        // As the format's own library does: wide types first, then by name, so that each value lies on its own boundary.
        var ordered = tensors.OrderByDescending(t => t.Type.Bits).ThenBy(t => t.Name, StringComparer.Ordinal).ToList();
        destination.Write(Header(ordered));
        var buffer = new byte[(int)Math.Min(ChunkBytes, ordered.Count == 0 ? 0 : ordered.Max(t => t.Bytes))];
        foreach (var tensor in ordered)
        {
            for (long start = 0; start < tensor.Bytes; start += buffer.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, tensor.Bytes - start));
                tensor.Fill(start, part);
                destination.Write(part);
            }
        }
    }

    /// <summary>Writes the file at a path, under <c>PATH.partial</c> until it is whole.</summary>
    /// <param name="path">Where; an existing file is replaced.</param>
    /// <param name="cancellation">Ends the writing; the partial file is removed.</param>
    public void Save(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string partial = path + ".partial";
        try
        {
            using (FileStream file = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, 0))
                Write(file, cancellation);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private byte[] Header(List<(string Name, SafetensorsType Type, ImmutableArray<long> Shape, long Bytes, SafetensorsFill Fill)> ordered)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[sizeof(ulong)]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var tensor in ordered)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.Name);
                json.WriteStartArray("shape");
                foreach (long length in tensor.Shape)
                    json.WriteNumberValue(length);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset = checked(offset + tensor.Bytes);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (stream.Length % sizeof(ulong) != 0)
            stream.WriteByte((byte)' ');
        byte[] header = stream.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)header.Length - sizeof(ulong));
        return header;
    }
}
