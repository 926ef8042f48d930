using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Formats.Tensors;

namespace Harness.Formats.Gguf;

/// <summary>
/// Describes a GGUF file and writes it: the same description is the same bytes. Tensors' bytes are asked for while
/// the file is written, so a file may be far larger than memory.
/// </summary>
/// <param name="version">2 or 3; the two differ in nothing but this number.</param>
/// <param name="alignment">A power of two; <c>general.alignment</c> is written when it is not 32.</param>
public sealed class GgufWriter(uint version = 3, int alignment = 32)
{
    private readonly uint version = version is 2 or 3
        ? version
        : throw new ArgumentOutOfRangeException(nameof(version), "GGUF versions 2 and 3 are written.");

    private readonly int alignment = alignment > 0 && int.IsPow2(alignment)
        ? alignment
        : throw new ArgumentOutOfRangeException(nameof(alignment), "The alignment must be a power of two.");

    private readonly List<KeyValuePair<string, GgufValue>> metadata = alignment == 32
        ? []
        : [new("general.alignment", GgufValue.Of((uint)alignment))];

    private readonly List<GgufPendingTensor> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>Bytes of the file as described so far.</summary>
    public long FileLength => Plan().FileLength;

    /// <summary>Sets a metadata value; a key set again keeps its place and takes the new value.</summary>
    /// <param name="key">The key, not empty.</param>
    /// <param name="value">The value.</param>
    /// <returns>This writer.</returns>
    public GgufWriter Set(string key, GgufValue value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (key == "general.alignment" && !(value.TryAsNumber(out int given) && given == alignment))
            throw new ArgumentException("The alignment is given to the constructor.", nameof(key));
        int index = metadata.FindIndex(e => e.Key == key);
        if (index < 0)
            metadata.Add(new(key, value));
        else
            metadata[index] = new(key, value);
        return this;
    }

    /// <summary>Adds a tensor; tensors are written in the order they are added in.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="shape">One to four lengths, the row length first.</param>
    /// <param name="fill">Supplies its bytes.</param>
    /// <returns>This writer.</returns>
    /// <exception cref="ArgumentException">The name is taken, or the shape does not suit the type.</exception>
    public GgufWriter AddTensor(string name, TensorType type, ReadOnlySpan<long> shape, GgufTensorFill fill) =>
        AddTensor(name, (uint)type, shape, fill);

    /// <summary>Adds a tensor of a type by its number, so that types the harness cannot decode can be copied.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">A number that <see cref="TensorLayout"/> knows.</param>
    /// <param name="shape">One to four lengths, the row length first.</param>
    /// <param name="fill">Supplies its bytes.</param>
    /// <returns>This writer.</returns>
    /// <exception cref="ArgumentException">The name is taken, or the shape does not suit the type.</exception>
    public GgufWriter AddTensor(string name, uint type, ReadOnlySpan<long> shape, GgufTensorFill fill)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(fill);
        if (!TensorLayout.TryGet(type, out TensorLayoutInfo layout))
            throw new ArgumentException($"The tensor type {type.ToString(CultureInfo.InvariantCulture)} is not known.", nameof(type));
        if (shape.Length is 0 or > 4 || shape.ContainsAnyInRange(long.MinValue, 0))
            throw new ArgumentException($"The tensor '{name}' must have one to four positive dimensions.", nameof(shape));
        if (shape[0] % layout.BlockLength != 0)
        {
            throw new ArgumentException(
                $"Rows of '{name}' have {shape[0].ToString(CultureInfo.InvariantCulture)} values, no multiple of {layout.Name}'s block.", nameof(shape));
        }

        if (!names.Add(name))
            throw new ArgumentException($"There is a tensor '{name}' already.", nameof(name));
        tensors.Add(new GgufPendingTensor(name, type, ImmutableArray.Create(shape), layout, fill));
        return this;
    }

    /// <summary>Adds a tensor whose bytes are in memory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="shape">One to four lengths, the row length first.</param>
    /// <param name="bytes">All its stored bytes; kept, not copied.</param>
    /// <returns>This writer.</returns>
    /// <exception cref="ArgumentException">The name is taken, or the bytes or the shape do not suit the type.</exception>
    public GgufWriter AddTensor(string name, TensorType type, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes)
    {
        if (shape.IsEmpty || bytes.Length == 0)
            throw new ArgumentException($"The tensor '{name}' has no bytes.", nameof(bytes));
        long rows = 1;
        foreach (long length in shape[1..])
            rows *= length;
        int rowBytes = (int)(bytes.Length / Math.Max(1, rows));
        AddTensor(name, (uint)type, shape, (firstRow, destination) =>
            bytes.Span.Slice(checked((int)(firstRow * rowBytes)), destination.Length).CopyTo(destination));
        if (tensors[^1].ByteLength == bytes.Length)
            return this;
        string expected = tensors[^1].ByteLength.ToString(CultureInfo.InvariantCulture);
        names.Remove(name);
        tensors.RemoveAt(tensors.Count - 1);
        throw new ArgumentException($"The tensor '{name}' takes {expected} bytes.", nameof(bytes));
    }

    /// <summary>What stands before the tensors' bytes, padding included; no tensor's bytes are asked for.</summary>
    /// <returns>The first bytes of the file that would be written.</returns>
    public byte[] HeaderBytes() => Plan().Header;

    /// <summary>Writes the file front to back.</summary>
    /// <param name="destination">Need not seek.</param>
    public void Write(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        GgufPlan plan = Plan();
        destination.Write(plan.Header);
        byte[] buffer = [];
        foreach (GgufPlan.Chunk chunk in plan.Chunks())
        {
            if (buffer.Length < chunk.Length)
                buffer = new byte[chunk.Length];
            Span<byte> bytes = buffer.AsSpan(0, chunk.Length);
            plan.Fill(chunk, bytes);
            destination.Write(bytes);
        }
    }

    /// <summary>
    /// Writes the file at a path. Until it is whole it is named <c>FILE.partial</c>, so that no half file ever bears
    /// the name.
    /// </summary>
    /// <param name="path">Where; an existing file is replaced.</param>
    /// <param name="threads">How many threads ask for tensors' bytes and write; the bytes do not depend on it.</param>
    /// <param name="progress">Told the bytes written so far, in no particular order of threads.</param>
    /// <param name="cancellation">Ends the writing; the partial file is removed.</param>
    public void Save(string path, int threads = 1, IProgress<long>? progress = null, CancellationToken cancellation = default) =>
        GgufSaver.Save(Plan(), path, threads, progress, cancellation);

    /// <summary>
    /// Writes the model in shards named <c>PREFIX-00001-of-0000N.gguf</c>: the metadata in the first, the tensors
    /// spread in order.
    /// </summary>
    /// <param name="prefix">The path without number and extension.</param>
    /// <param name="tensorsPerShard">How many tensors a shard holds at most.</param>
    /// <param name="threads">As in <see cref="Save"/>.</param>
    /// <returns>The shards' paths.</returns>
    public IReadOnlyList<string> SaveShards(string prefix, int tensorsPerShard, int threads = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tensorsPerShard);
        int count = Math.Max(1, (tensors.Count + tensorsPerShard - 1) / tensorsPerShard);
        var paths = new string[count];
        for (int i = 0; i < count; i++)
        {
            var shard = new GgufWriter(version, alignment);
            if (i == 0)
                metadata.ForEach(e => shard.Set(e.Key, e.Value));
            shard.Set(GgufShards.NumberKey, GgufValue.Of((ushort)i));
            shard.Set(GgufShards.CountKey, GgufValue.Of(checked((ushort)count)));
            shard.Set(GgufShards.TensorCountKey, GgufValue.Of(tensors.Count));
            foreach (GgufPendingTensor tensor in tensors.Skip(i * tensorsPerShard).Take(tensorsPerShard))
                shard.tensors.Add(tensor);
            paths[i] = new GgufShardName(prefix, i + 1, count).ToString();
            shard.Save(paths[i], threads);
        }

        return paths;
    }

    internal GgufPlan Plan()
    {
        var offsets = new long[tensors.Count];
        long offset = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            offsets[i] = offset;
            offset = GgufPlan.AlignUp(checked(offset + tensors[i].ByteLength), alignment);
        }

        using var stream = new MemoryStream();
        WriteHeader(stream, offsets);
        stream.SetLength(GgufPlan.AlignUp(stream.Length, alignment));
        return new GgufPlan(stream.ToArray(), tensors, offsets, alignment);
    }

    private void WriteHeader(MemoryStream stream, long[] offsets)
    {
        stream.Write("GGUF"u8);
        WriteBits(stream, version, 4);
        WriteBits(stream, (ulong)tensors.Count, 8);
        WriteBits(stream, (ulong)metadata.Count, 8);
        foreach ((string key, GgufValue value) in metadata)
        {
            WriteString(stream, Encoding.UTF8.GetBytes(key));
            WriteBits(stream, (ulong)value.Type, 4);
            WriteValue(stream, value);
        }

        for (int i = 0; i < offsets.Length; i++)
        {
            WriteString(stream, Encoding.UTF8.GetBytes(tensors[i].Name));
            WriteBits(stream, (ulong)tensors[i].Shape.Length, 4);
            foreach (long length in tensors[i].Shape)
                WriteBits(stream, (ulong)length, 8);
            WriteBits(stream, tensors[i].Type, 4);
            WriteBits(stream, (ulong)offsets[i], 8);
        }
    }

    private static void WriteValue(MemoryStream stream, GgufValue value)
    {
        switch (value.Type)
        {
            case GgufValueType.String:
                WriteString(stream, (byte[])value.Content!);
                return;
            case GgufValueType.Array:
                WriteBits(stream, (ulong)value.ElementType, 4);
                WriteBits(stream, (ulong)value.Length, 8);
                WriteElements(stream, value);
                return;
            default:
                WriteBits(stream, value.Bits, GgufHeaderReader.ScalarBytes(value.Type));
                return;
        }
    }

    private static void WriteElements(MemoryStream stream, GgufValue value)
    {
        switch (value.Content)
        {
            case GgufStringArray strings:
                for (int i = 0; i < strings.Count; i++)
                    WriteString(stream, strings[i]);
                break;
            case GgufValue[] arrays:
                foreach (GgufValue array in arrays)
                    WriteValue(stream, array);
                break;
            case byte[] v:
                stream.Write(v);
                break;
            case sbyte[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case bool[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case ushort[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case short[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case uint[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case int[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case ulong[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case long[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case float[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
            case double[] v:
                stream.Write(MemoryMarshal.AsBytes(v.AsSpan()));
                break;
        }
    }

    private static void WriteString(MemoryStream stream, ReadOnlySpan<byte> utf8)
    {
        WriteBits(stream, (ulong)utf8.Length, 8);
        stream.Write(utf8);
    }

    private static void WriteBits(MemoryStream stream, ulong bits, int bytes)
    {
        Span<byte> buffer = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(buffer, bits);
        stream.Write(buffer[..bytes]);
    }
}
