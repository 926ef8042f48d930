using System.Buffers.Binary;
using System.Globalization;

namespace Harness.Formats.Safetensors;

/// <summary>
/// What stands before the tensors' bytes. Everything in it was checked against the length of the file: each tensor has the
/// bytes its type and shape need, and all of them together fill the file without overlap or hole.
/// Format: https://github.com/huggingface/safetensors#format
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>The longest header that is read, as in the format's own library: 100 MB.</summary>
    public const int LongestHeader = 100_000_000;

    internal const string Damaged = "The file is damaged or was not written by a safetensors library; download or save it again.";

    private const int LengthBytes = sizeof(ulong);

    internal SafetensorsHeader(
        IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata, long dataOffset, long fileLength)
    {
        Tensors = tensors;
        Metadata = metadata;
        DataOffset = dataOffset;
        FileLength = fileLength;
    }

    /// <summary>The tensors, in the order their bytes lie in.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>What <c>__metadata__</c> says: texts by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Where the tensors' bytes begin.</summary>
    public long DataOffset { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>Reads the header of a file that is in memory as far as its header goes.</summary>
    /// <param name="prefix">The file from its first byte on, at least its header.</param>
    /// <param name="fileLength">The length of the whole file, in bytes.</param>
    /// <returns>The header.</returns>
    /// <exception cref="SafetensorsException">The header is wrong, or the file is too short for what it says.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> prefix, long fileLength)
    {
        if (fileLength < LengthBytes || prefix.Length < LengthBytes)
        {
            throw new SafetensorsException(
                $"a file of {Number(fileLength)} bytes is too short for a safetensors header", "byte 0", "The download was cut short, or the file is something else; download it again.");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader)
        {
            throw new SafetensorsException(
                $"the header is said to have {length.ToString(CultureInfo.InvariantCulture)} bytes, more than the format's {Number(LongestHeader)}",
                "byte 0",
                Foreign(prefix) ?? Damaged);
        }

        if ((long)length > fileLength - LengthBytes)
        {
            throw new SafetensorsException(
                $"the header is said to have {length.ToString(CultureInfo.InvariantCulture)} bytes, but a file of {Number(fileLength)} bytes ends before that",
                "byte 0",
                Foreign(prefix) ?? "The download was cut short; download it again.");
        }

        ReadOnlySpan<byte> json = prefix.Slice(LengthBytes, (int)length);
        return new SafetensorsHeaderReader(json, LengthBytes + (long)length, fileLength).Read();
    }

    /// <summary>Reads the header of a whole file in memory.</summary>
    /// <param name="file">The file.</param>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, long)" path="/returns"/>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, long)" path="/exception"/>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> file) => Parse(file, file.Length);

    /// <summary>Reads a header from a stream that can seek, and no byte beyond it.</summary>
    /// <param name="stream">A file from its position 0 on; left anywhere.</param>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, long)" path="/returns"/>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, long)" path="/exception"/>
    public static SafetensorsHeader Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long fileLength = stream.Length;
        stream.Position = 0;
        byte[] start = new byte[Math.Min(LengthBytes, fileLength)];
        stream.ReadExactly(start);
        ulong length = start.Length == LengthBytes ? BinaryPrimitives.ReadUInt64LittleEndian(start) : ulong.MaxValue;

        // What cannot be a header is refused with the words for it, on its first bytes.
        if (length > LongestHeader || (long)length > fileLength - LengthBytes)
            return Parse(start, fileLength);
        byte[] prefix = new byte[LengthBytes + (int)length];
        start.CopyTo(prefix, 0);
        stream.ReadExactly(prefix.AsSpan(LengthBytes));
        return Parse(prefix, fileLength);
    }

    internal static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    // Files that are often taken for safetensors are told by their first bytes.
    private static string? Foreign(ReadOnlySpan<byte> file) => file switch
    {
        [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] => "It is a GGUF file: it needs no conversion.",
        [(byte)'P', (byte)'K', 3, 4, ..] => "It is a PyTorch file; save the model as safetensors.",
        [(byte)'v', (byte)'e', (byte)'r', (byte)'s', ..] => "It is a pointer of git lfs, not the file itself; run 'git lfs pull' or download it again.",
        [(byte)'<', ..] => "It is a web page: a download was refused; download it again, with a token if the model is gated.",
        _ => null,
    };
}
