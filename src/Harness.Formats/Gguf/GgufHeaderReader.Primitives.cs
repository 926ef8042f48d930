using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Harness.Formats.Gguf;

/// <content>Numbers, names and counts, each checked against the file.</content>
internal ref partial struct GgufHeaderReader
{
    // The specification's bound on keys, kept for names too: an error that quotes one stays readable.
    private const int MaxNameBytes = ushort.MaxValue;

    // Lists grow from here; a count in a file is no reason to reserve more.
    private const int MaxInitialCapacity = 1024;

    private readonly GgufException Truncated(long expected, string what) => new(
        $"the file is truncated: at least {Text(expected)} bytes expected, {Text(fileLength)} there",
        what,
        "Download it again.");

    /// <summary>A count in the header, refused where the file could not hold that many.</summary>
    private long ReadCount(string what, int leastBytes, string where)
    {
        int start = position;
        ulong count = ReadUInt64(what);
        if (count > (ulong)(fileLength / leastBytes))
            throw TooMany(what, count, where, start);
        return (long)count;
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

        return Encoding.UTF8.GetString(bytes);
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

    private static string Text<T>(T number)
        where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);
}
