using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Harness.Formats.Gguf;

/// <content>Keys and values.</content>
internal ref partial struct GgufHeaderReader
{
    private const int DefaultAlignment = 32;
    private const int MaxArrayDepth = 8;

    // The least a metadata entry takes: key length, value type, one byte of value.
    private const int LeastEntryBytes = 8 + 4 + 1;

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

    private static GgufException UnknownType(GgufValueType type, string key, int at) => new(
        $"'{key}' has the {GgufValue.Name(type)}; values have types 0 to 12",
        $"key '{key}', byte {Text(at)}",
        "The file is damaged, or newer than the harness; download it again, or update.");

    private int ReadArrayLength(string key, int elementBytes)
    {
        int start = position;
        ulong count = ReadUInt64(key);
        if (count > (ulong)(fileLength - position) / (ulong)elementBytes)
            throw TooMany($"the length of the array '{key}'", count, $"key '{key}'", start);
        Require(checked((long)count * elementBytes), key);
        return (int)count;
    }

    internal static int ScalarBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };
}
