using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Harness.Formats.Tensors;

namespace Harness.Formats.Gguf;

/// <summary>
/// Reads a header from a prefix of a file. The file is never believed: every count and length is compared with the
/// bytes that are really there before anything of that size is allocated.
/// </summary>
internal ref struct GgufHeaderReader(ReadOnlySpan<byte> prefix, long fileLength)
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const int DefaultAlignment = 32;
    private const int MaxDimensions = 4;
    private const int MaxArrayDepth = 8;

    // The specification's bound on keys, kept for names too: an error that quotes one stays readable.
    private const int MaxNameBytes = ushort.MaxValue;

    // Lists grow from here; a count in a file is no reason to reserve more.
    private const int MaxInitialCapacity = 1024;

    // The least a metadata entry takes: key length, value type, one byte of value.
    private const int LeastEntryBytes = 8 + 4 + 1;

    // The least a tensor takes: name length, dimension count, one dimension, type, offset.
    private const int LeastTensorBytes = 8 + 4 + 8 + 4 + 8;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> prefix = prefix;
    private readonly long fileLength = fileLength;
    private int position = 0;

    public GgufHeader Read()
    {
        uint version = ReadMagicAndVersion();
        long tensorCount = ReadCount("the number of tensors", LeastTensorBytes, "tensor count");
        long entryCount = ReadCount("the number of metadata entries", LeastEntryBytes, "metadata count");
        GgufMetadata metadata = ReadMetadata(entryCount);
        int alignment = ReadAlignment(metadata);
        List<GgufTensor> tensors = ReadTensors(tensorCount);

        long headerLength = position;
        long dataOffset = AlignUp(headerLength, alignment);
        PlaceTensors(tensors, dataOffset, alignment);
        return new GgufHeader(version, alignment, metadata, tensors, headerLength, dataOffset, fileLength);
    }

    private uint ReadMagicAndVersion()
    {
        if (fileLength < 4)
            throw Truncated(24, "the file's beginning");
        uint magic = ReadUInt32("the magic number");
        if (magic != Magic)
            throw NotGguf(magic);

        uint version = ReadUInt32("the version");
        if (version is 2 or 3)
            return version;
        if (version != 0 && (version & 0xFFFF) == 0)
        {
            throw new GgufException(
                "the file is big-endian", "byte 4", "Only little-endian GGUF is read; convert it with llama.cpp's gguf_convert_endian.py.");
        }

        string found = version.ToString(CultureInfo.InvariantCulture);
        throw version == 1
            ? new GgufException(
                "GGUF version 1 is not read", "byte 4", "Download a newer file of this model, or convert it again with a current llama.cpp.")
            : new GgufException($"GGUF version {found} is not known", "byte 4", "Versions 2 and 3 are read; update the harness, or check the file.");
    }

    private readonly GgufException NotGguf(uint magic)
    {
        ReadOnlySpan<byte> start = prefix[..Math.Min(prefix.Length, 64)];
        string found;
        string remedy = "Check the path; a model for llama.cpp ends in .gguf.";
        if (start.StartsWith("version https://git-lfs"u8))
        {
            found = "the file is a Git LFS pointer, not the model";
            remedy = "Fetch the file itself: git lfs pull, or download it from the hub.";
        }
        else if (start.StartsWith("<"u8))
        {
            found = "the file is a web page, not a model";
            remedy = "The download was answered with a page (a login or an error); download it again.";
        }
        else if (start.StartsWith("PK"u8))
        {
            found = "the file is a ZIP archive (a PyTorch checkpoint?), not GGUF";
        }
        else if (magic is 0x67676D6C or 0x67676D66 or 0x67676A74)
        {
            found = "the file is in a GGML format from before GGUF";
            remedy = "Download a GGUF file of this model.";
        }
        else
        {
            found = $"the file does not begin with 'GGUF' but with {Convert.ToHexString(start[..4])}";
        }

        return new GgufException(found, "byte 0", remedy);
    }

    private GgufMetadata ReadMetadata(long count)
    {
        var entries = new List<KeyValuePair<string, GgufValue>>(Capacity(count));
        var byKey = new Dictionary<string, int>(entries.Capacity, StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            int start = position;
            string key = ReadName($"the key of metadata entry {Text(i)}");
            var type = (GgufValueType)ReadUInt32($"the type of '{key}'");
            GgufValue value = ReadValue(type, key, depth: 0);
            if (!byKey.TryAdd(key, entries.Count))
            {
                throw new GgufException(
                    $"the key '{key}' is there twice",
                    $"byte {Text(start)}, metadata entries {Text(byKey[key])} and {Text(i)}",
                    "The tool that wrote the file is wrong; convert the model again.");
            }

            entries.Add(new(key, value));
        }

        return new GgufMetadata(entries, byKey);
    }

    private GgufValue ReadValue(GgufValueType type, string key, int depth)
    {
        switch (type)
        {
            case GgufValueType.String:
                return GgufValue.OfUtf8(ReadBytes(key).ToArray());
            case GgufValueType.Array:
                return ReadArray(key, depth);
            case GgufValueType.Bool:
                return GgufValue.Of(Take(1, key)[0] != 0);
        }

        int size = ScalarBytes(type);
        if (size == 0)
            throw UnknownType(type, key, position - 4);
        ReadOnlySpan<byte> bytes = Take(size, key);
        ulong bits = type switch
        {
            GgufValueType.Int8 => (ulong)(sbyte)bytes[0],
            GgufValueType.Int16 => (ulong)BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.Int32 => (ulong)BinaryPrimitives.ReadInt32LittleEndian(bytes),
            _ when size == 1 => bytes[0],
            _ when size == 2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            _ when size == 4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        };
        return GgufValue.OfBits(type, bits);
    }

    private GgufValue ReadArray(string key, int depth)
    {
        int start = position;
        if (depth == MaxArrayDepth)
        {
            throw new GgufException(
                $"arrays of arrays are nested more than {Text(MaxArrayDepth)} deep",
                $"key '{key}', byte {Text(start)}",
                "No model needs that; the file is damaged.");
        }

        var elementType = (GgufValueType)ReadUInt32(key);
        switch (elementType)
        {
            case GgufValueType.String:
                return GgufValue.OfStrings(ReadStrings(key));
            case GgufValueType.Array:
                int count = ReadArrayLength(key, 4 + 8);
                var arrays = new List<GgufValue>(Capacity(count));
                for (int i = 0; i < count; i++)
                    arrays.Add(ReadArray(key, depth + 1));
                return GgufValue.OfArrays([.. arrays]);
            case GgufValueType.Bool:
                int length = ReadArrayLength(key, 1);
                ReadOnlySpan<byte> stored = Take(length, key);
                var truths = new bool[length];
                for (int i = 0; i < length; i++)
                    truths[i] = stored[i] != 0;
                return GgufValue.OfArray(truths);
            case GgufValueType.UInt8:
                return GgufValue.OfArray(ReadNumbers<byte>(key));
            case GgufValueType.Int8:
                return GgufValue.OfArray(ReadNumbers<sbyte>(key));
            case GgufValueType.UInt16:
                return GgufValue.OfArray(ReadNumbers<ushort>(key));
            case GgufValueType.Int16:
                return GgufValue.OfArray(ReadNumbers<short>(key));
            case GgufValueType.UInt32:
                return GgufValue.OfArray(ReadNumbers<uint>(key));
            case GgufValueType.Int32:
                return GgufValue.OfArray(ReadNumbers<int>(key));
            case GgufValueType.UInt64:
                return GgufValue.OfArray(ReadNumbers<ulong>(key));
            case GgufValueType.Int64:
                return GgufValue.OfArray(ReadNumbers<long>(key));
            case GgufValueType.Float32:
                return GgufValue.OfArray(ReadNumbers<float>(key));
            case GgufValueType.Float64:
                return GgufValue.OfArray(ReadNumbers<double>(key));
            default:
                throw UnknownType(elementType, key, start);
        }
    }

    private T[] ReadNumbers<T>(string key)
        where T : unmanaged
    {
        int size = Marshal.SizeOf<T>();
        int count = ReadArrayLength(key, size);
        ReadOnlySpan<byte> bytes = Take((long)count * size, key);
        var numbers = new T[count];
        bytes.CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    private GgufStringArray ReadStrings(string key)
    {
        int count = ReadArrayLength(key, sizeof(ulong));

        // Once over the lengths, so that the bytes go into one buffer of exactly their size. A vocabulary has hundreds
        // of thousands of strings: the loop keeps to the span, and leaves complaints to ReadBytes.
        ReadOnlySpan<byte> strings = prefix[position..];
        var ends = new int[count];
        int at = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            if (strings.Length - at < sizeof(ulong)
                || BinaryPrimitives.ReadUInt64LittleEndian(strings[at..]) > (ulong)(strings.Length - at - sizeof(ulong)))
            {
                position += at;
                ReadBytes(key);
            }

            at += sizeof(ulong) + (int)BinaryPrimitives.ReadUInt64LittleEndian(strings[at..]);
            ends[i] = at - ((i + 1) * sizeof(ulong));
        }

        position += at;
        var bytes = new byte[at - (count * sizeof(ulong))];
        int start = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            strings.Slice(start + ((i + 1) * sizeof(ulong)), ends[i] - start).CopyTo(bytes.AsSpan(start));
            start = ends[i];
        }

        return new GgufStringArray(bytes, ends);
    }

    private static int ReadAlignmentOf(uint value) => value is > 0 and <= 1 << 30 && BitOperations.IsPow2(value)
        ? (int)value
        : throw new GgufException(
            $"'general.alignment' must be a power of two up to 2^30, but is {value.ToString(CultureInfo.InvariantCulture)}",
            "key 'general.alignment'",
            "The file is damaged or was written wrongly; download or convert it again.");

    private static int ReadAlignment(GgufMetadata metadata) =>
        metadata.TryGetUInt32("general.alignment", out uint alignment) ? ReadAlignmentOf(alignment) : DefaultAlignment;

    private List<GgufTensor> ReadTensors(long count)
    {
        var tensors = new List<GgufTensor>(Capacity(count));
        var names = new HashSet<string>(StringComparer.Ordinal);
        Span<long> dimensions = stackalloc long[MaxDimensions];
        for (long i = 0; i < count; i++)
        {
            int start = position;
            string name = ReadName($"the name of tensor {Text(i)}");
            if (!names.Add(name))
                throw Bad($"the tensor '{name}' is there twice", start, name);

            uint rank = ReadUInt32($"the number of dimensions of tensor '{name}'");
            if (rank is 0 or > MaxDimensions)
                throw Bad($"the tensor '{name}' has {Text(rank)} dimensions; 1 to {Text(MaxDimensions)} are possible", start, name);
            long elements = 1;
            for (int d = 0; d < rank; d++)
            {
                ulong length = ReadUInt64($"the shape of tensor '{name}'");
                if (length == 0)
                    throw Bad($"dimension {Text(d)} of the tensor '{name}' is 0", start, name);
                UInt128 product = (UInt128)elements * length;
                if (product > (UInt128)long.MaxValue)
                    throw Bad($"the dimensions of the tensor '{name}' multiply to more than 2^63", start, name);
                elements = (long)product;
                dimensions[d] = (long)length;
            }

            uint type = ReadUInt32($"the type of tensor '{name}'");
            ulong offset = ReadUInt64($"the offset of tensor '{name}'");
            tensors.Add(new GgufTensor(name, type, ImmutableArray.Create(dimensions[..(int)rank]))
            {
                ByteLength = ByteLength(name, type, elements, dimensions[0], start),
                Offset = offset <= long.MaxValue ? (long)offset : throw OutOfFile(name, offset),
            });
        }

        return tensors;
    }

    private static long ByteLength(string name, uint type, long elements, long rowLength, int start)
    {
        // How long a tensor of an unknown type is, its neighbour tells: see PlaceTensors.
        if (!TensorLayout.TryGet(type, out TensorLayoutInfo layout))
            return 0;
        if (rowLength % layout.BlockLength != 0)
        {
            throw Bad(
                $"rows of the tensor '{name}' have {Text(rowLength)} values, no multiple of {layout.Name}'s block of {Text(layout.BlockLength)}",
                start,
                name);
        }

        UInt128 bytes = (UInt128)(elements / layout.BlockLength) * (uint)layout.BlockBytes;
        return bytes <= (UInt128)long.MaxValue
            ? (long)bytes
            : throw Bad($"the tensor '{name}' would take more than 2^63 bytes", start, name);
    }

    private readonly void PlaceTensors(List<GgufTensor> tensors, long dataOffset, int alignment)
    {
        if (tensors.Count == 0)
            return;
        if (dataOffset > fileLength)
            throw Truncated(dataOffset, "the tensors' bytes");

        // By place in the file: neighbours show overlaps, and how long a tensor of unknown type can be.
        var order = new int[tensors.Count];
        var offsets = new long[tensors.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            offsets[i] = tensors[i].Offset;
        }

        Array.Sort(offsets, order);
        long room = fileLength - dataOffset;
        for (int k = order.Length - 1; k >= 0; k--)
        {
            GgufTensor tensor = tensors[order[k]];
            if (tensor.Offset % alignment != 0)
            {
                throw new GgufException(
                    $"the offset {Text(tensor.Offset)} is no multiple of the alignment {Text(alignment)}",
                    $"tensor '{tensor.Name}'",
                    "The file is damaged or was written wrongly; download or convert it again.");
            }

            if (tensor.Offset > room)
                throw OutOfFile(tensor.Name, (ulong)tensor.Offset);
            bool last = k == order.Length - 1;
            long available = (last ? room : offsets[k + 1]) - tensor.Offset;
            long length = TensorLayout.TryGet(tensor.TypeNumber, out _) ? tensor.ByteLength : available;
            if (length > available)
                throw last ? OutOfFile(tensor.Name, (ulong)tensor.Offset, length) : Overlap(tensor, tensors[order[k + 1]]);
            tensors[order[k]] = tensor with { Offset = dataOffset + tensor.Offset, ByteLength = length };
        }
    }

    private static GgufException Overlap(GgufTensor first, GgufTensor second) => new(
        $"the tensors '{first.Name}' and '{second.Name}' overlap",
        $"tensor '{second.Name}'",
        "The file is damaged or was written wrongly; download or convert it again.");

    private readonly GgufException OutOfFile(string name, ulong offset, long length = 0)
    {
        UInt128 end = (UInt128)AlignUp(position, 1) + offset + (ulong)length;
        return new(
            $"the file is truncated: at least {end.ToString(CultureInfo.InvariantCulture)} bytes expected, {Text(fileLength)} there",
            $"tensor '{name}'",
            "Download it again.");
    }

    private readonly GgufException Truncated(long expected, string what) => new(
        $"the file is truncated: at least {Text(expected)} bytes expected, {Text(fileLength)} there",
        what,
        "Download it again.");

    private static GgufException Bad(string what, int start, string tensor) => new(
        what, $"tensor '{tensor}', byte {Text(start)}", "The file is damaged or was written wrongly; download or convert it again.");

    private static GgufException UnknownType(GgufValueType type, string key, int at) => new(
        $"'{key}' has the {GgufValue.Name(type)}; values have types 0 to 12",
        $"key '{key}', byte {Text(at)}",
        "The file is damaged, or newer than the harness; download it again, or update.");

    /// <summary>A count in the header, refused where the file could not hold that many.</summary>
    private long ReadCount(string what, int leastBytes, string where)
    {
        int start = position;
        ulong count = ReadUInt64(what);
        if (count > (ulong)(fileLength / leastBytes))
            throw TooMany(what, count, where, start);
        return (long)count;
    }

    private int ReadArrayLength(string key, int elementBytes)
    {
        int start = position;
        ulong count = ReadUInt64(key);
        if (count > (ulong)(fileLength - position) / (ulong)elementBytes)
            throw TooMany($"the length of the array '{key}'", count, $"key '{key}'", start);
        Require(checked((long)count * elementBytes), key);
        return (int)count;
    }

    private readonly GgufException TooMany(string what, ulong count, string where, int start) => new(
        $"{what} is {count.ToString(CultureInfo.InvariantCulture)}, more than a file of {Text(fileLength)} bytes can hold",
        $"{where}, byte {Text(start)}",
        "The file is truncated or damaged; download it again.");

    /// <summary>A key or a tensor's name: UTF-8, not empty.</summary>
    private string ReadName(string what)
    {
        int start = position;
        ReadOnlySpan<byte> bytes = ReadBytes(what);
        if (bytes.IsEmpty)
            throw new GgufException($"{what} is empty", $"byte {Text(start)}", "The file is damaged; download it again.");
        if (bytes.Length > MaxNameBytes)
        {
            throw new GgufException(
                $"{what} is {Text(bytes.Length)} bytes long; at most {Text(MaxNameBytes)} are possible",
                $"byte {Text(start)}",
                "The file is damaged; download it again.");
        }

        if (!Utf8.IsValid(bytes))
        {
            throw new GgufException(
                $"{what} is not valid UTF-8 ({Convert.ToHexString(bytes[..Math.Min(bytes.Length, 16)])})",
                $"byte {Text(start)}",
                "The file is damaged; download it again.");
        }

        return StrictUtf8.GetString(bytes);
    }

    private ReadOnlySpan<byte> ReadBytes(string what)
    {
        int start = position;
        ulong length = ReadUInt64(what);
        if (length > (ulong)(fileLength - position))
        {
            throw new GgufException(
                $"a string of {length.ToString(CultureInfo.InvariantCulture)} bytes runs past the end of the file ({Text(fileLength)} bytes)",
                $"{what}, byte {Text(start)}",
                "The file is truncated or damaged; download it again.");
        }

        return Take((long)length, what);
    }

    private uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    private ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    private ReadOnlySpan<byte> Take(long count, string what)
    {
        Require(count, what);
        ReadOnlySpan<byte> bytes = prefix.Slice(position, (int)count);
        position += (int)count;
        return bytes;
    }

    private readonly void Require(long count, string what)
    {
        if (count <= Remaining)
            return;
        long needed = position + count;
        if (needed > fileLength)
            throw Truncated(needed, $"{what}, byte {Text(position)}");
        throw new PrefixEndedException(needed);
    }

    private readonly int Remaining => prefix.Length - position;

    private static int Capacity(long count) => (int)Math.Min(count, MaxInitialCapacity);

    private static long AlignUp(long value, int alignment) => (value + alignment - 1) & -(long)alignment;

    internal static int ScalarBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
