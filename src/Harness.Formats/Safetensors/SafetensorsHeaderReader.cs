using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Harness.Formats.Safetensors;

/// <summary>Reads the JSON of a header and checks it against the file's length.</summary>
internal readonly ref struct SafetensorsHeaderReader(ReadOnlySpan<byte> json, long dataOffset, long fileLength)
{
    // No tensor has more; a list of a million ones would only cost memory.
    private const int MostDimensions = 16;
    private const int LongestName = 4096;

    private readonly ReadOnlySpan<byte> json = json;

    public SafetensorsHeader Read()
    {
        var tensors = new List<SafetensorsTensor>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            ReadEntries(ref reader, tensors, metadata);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw new SafetensorsException(
                "the header is not the JSON it must be", $"byte {SafetensorsHeader.Number(8 + reader.BytesConsumed)}", SafetensorsHeader.Damaged, exception);
        }

        return new SafetensorsHeader(InOrder(tensors), metadata, dataOffset, fileLength);
    }

    private void ReadEntries(ref Utf8JsonReader reader, List<SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, ref reader, "an object of tensors");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Expect(reader.ValueSpan.Length <= LongestName, ref reader, "a name of at most 4096 bytes");
            string name = reader.GetString()!;
            if (!names.Add(name))
                throw new SafetensorsException($"'{name}' stands in the header twice", At(ref reader), SafetensorsHeader.Damaged);
            if (name == "__metadata__")
                ReadMetadata(ref reader, metadata);
            else
                tensors.Add(ReadTensor(ref reader, name));
        }

        Expect(reader.TokenType == JsonTokenType.EndObject, ref reader, "the end of the object");

        // Padding behind the object: spaces, as JSON allows.
        Expect(!reader.Read(), ref reader, "nothing but spaces behind the object");
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, ref reader, "an object of texts in __metadata__");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            Expect(reader.Read() && reader.TokenType == JsonTokenType.String, ref reader, "a text in __metadata__");
            metadata[key] = reader.GetString()!;
        }
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, ref reader, $"an object for '{name}'");
        string? type = null;
        ImmutableArray<long> shape = default, offsets = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (type is null && reader.ValueTextEquals("dtype"u8))
            {
                Expect(reader.Read() && reader.TokenType == JsonTokenType.String, ref reader, $"the type of '{name}'");
                type = reader.ValueSpan.Length <= 32 ? reader.GetString() : "…";
            }
            else if (shape.IsDefault && reader.ValueTextEquals("shape"u8))
            {
                shape = ReadNumbers(ref reader, name, MostDimensions);
            }
            else if (offsets.IsDefault && reader.ValueTextEquals("data_offsets"u8))
            {
                offsets = ReadNumbers(ref reader, name, 2);
            }
            else
            {
                string field = reader.ValueSpan.Length <= 64 ? reader.GetString()! : "…";
                throw new SafetensorsException($"'{name}' has a field '{field}' that it may not have, or not twice", At(ref reader), SafetensorsHeader.Damaged);
            }
        }

        if (type is null || shape.IsDefault || offsets.IsDefault || offsets.Length != 2)
            throw new SafetensorsException($"'{name}' lacks dtype, shape or its two data_offsets", At(ref reader), SafetensorsHeader.Damaged);
        return Placed(name, type, shape, offsets[0], offsets[1]);
    }

    private static ImmutableArray<long> ReadNumbers(ref Utf8JsonReader reader, string name, int most)
    {
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartArray, ref reader, $"an array of numbers for '{name}'");
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            bool number = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long value) && value >= 0;
            Expect(number && numbers.Count < most, ref reader, $"at most {SafetensorsHeader.Number(most)} whole numbers, none below 0, for '{name}'");
            numbers.Add(reader.GetInt64());
        }

        return numbers.ToImmutable();
    }

    private SafetensorsTensor Placed(string name, string typeName, ImmutableArray<long> shape, long begin, long end)
    {
        string where = $"tensor '{name}'";
        SafetensorsType type = SafetensorsType.Find(typeName) ?? throw new SafetensorsException(
            $"the type '{typeName}' is not known", where,
            $"Known are {string.Join(", ", SafetensorsType.All.Select(t => t.Name))}; the file is damaged or of a newer format.");
        long dataLength = fileLength - dataOffset;
        if (begin > end)
            throw new SafetensorsException($"its bytes end at {SafetensorsHeader.Number(end)}, before they begin at {SafetensorsHeader.Number(begin)}", where, SafetensorsHeader.Damaged);
        if (end > dataLength)
        {
            throw new SafetensorsException(
                $"its bytes end at {SafetensorsHeader.Number(end)}, but the file has {SafetensorsHeader.Number(dataLength)} behind its header", where,
                "The file is truncated; download it again.");
        }

        UInt128 elements = 1;
        foreach (long length in shape)
        {
            elements *= (ulong)length;

            // Beyond what any file holds the product could wrap round after a few more lengths.
            if (elements > long.MaxValue && !shape.Contains(0))
                throw new SafetensorsException($"the shape [{string.Join(", ", shape)}] has more values than any file can hold", where, SafetensorsHeader.Damaged);
        }

        UInt128 bits = elements * (uint)type.Bits;
        if ((uint)bits % 8 != 0)
            throw new SafetensorsException($"its {elements} values of {type.Bits} bits do not end with a byte", where, SafetensorsHeader.Damaged);
        if (bits / 8 != (ulong)(end - begin))
        {
            throw new SafetensorsException(
                $"[{string.Join(", ", shape)}] of {type.Name} takes {bits / 8} bytes, but it has {SafetensorsHeader.Number(end - begin)}", where, SafetensorsHeader.Damaged);
        }

        return new SafetensorsTensor(name, type, shape, (long)elements) { Offset = dataOffset + begin, ByteLength = end - begin };
    }

    /// <summary>In order of their bytes, which must follow one another from the first byte behind the header to the last of the file.</summary>
    private List<SafetensorsTensor> InOrder(List<SafetensorsTensor> tensors)
    {
        var sorted = tensors.OrderBy(t => t.Offset).ThenBy(t => t.ByteLength).ToList();
        long next = dataOffset;
        SafetensorsTensor? before = null;
        foreach (SafetensorsTensor tensor in sorted)
        {
            if (tensor.Offset < next)
                throw new SafetensorsException($"it overlaps '{before!.Name}'", $"tensor '{tensor.Name}', byte {SafetensorsHeader.Number(tensor.Offset)}", SafetensorsHeader.Damaged);
            if (tensor.Offset > next)
                throw Hole(next, tensor.Offset, $"tensor '{tensor.Name}'");
            next = tensor.Offset + tensor.ByteLength;
            before = tensor;
        }

        return next < fileLength ? throw Hole(next, fileLength, "the end of the file") : sorted;
    }

    private static SafetensorsException Hole(long from, long to, string before) => new(
        $"{SafetensorsHeader.Number(to - from)} bytes belong to no tensor", $"byte {SafetensorsHeader.Number(from)}, before {before}", SafetensorsHeader.Damaged);

    private static void Expect(bool found, ref Utf8JsonReader reader, string what)
    {
        if (!found)
            throw new SafetensorsException($"the header lacks {what}", At(ref reader), SafetensorsHeader.Damaged);
    }

    private static string At(ref Utf8JsonReader reader) => $"byte {SafetensorsHeader.Number(8 + reader.TokenStartIndex)}";
}
