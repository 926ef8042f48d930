using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Harness.Formats.Gguf;

/// <summary>
/// What stands before the tensors' bytes: metadata and the list of tensors. Everything in it was checked against the
/// length of the file. Little-endian GGUF of versions 2 and 3.
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
/// </summary>
public sealed class GgufHeader
{
    // A first read that holds the whole header of most models without a large vocabulary, in one request.
    private const int FirstRead = 64 << 10;

    internal GgufHeader(
        uint version,
        int alignment,
        GgufMetadata metadata,
        IReadOnlyList<GgufTensor> tensors,
        long headerLength,
        long dataOffset,
        long fileLength)
    {
        Version = version;
        Alignment = alignment;
        Metadata = metadata;
        Tensors = tensors;
        HeaderLength = headerLength;
        DataOffset = dataOffset;
        FileLength = fileLength;
    }

    /// <summary>The format's version: 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>What tensors' offsets are multiples of: <c>general.alignment</c>, or 32.</summary>
    public int Alignment { get; }

    /// <summary>The metadata.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors of this file, in its order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Bytes of the header itself, without padding.</summary>
    public long HeaderLength { get; }

    /// <summary>Where the tensors' bytes begin: <see cref="HeaderLength"/> rounded up to <see cref="Alignment"/>.</summary>
    public long DataOffset { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>
    /// Reads a header from the first bytes of a file, as ranged requests bring them. When they end too early, says how
    /// many are needed at least; fetch that many (or, to save requests, twice what there was) and ask again.
    /// </summary>
    /// <param name="prefix">The file from its first byte on.</param>
    /// <param name="fileLength">The length of the whole file, in bytes.</param>
    /// <param name="header">The header.</param>
    /// <param name="needed">
    /// When false is returned: the least length of prefix with which more can be read; more than was given, at most
    /// <paramref name="fileLength"/>.
    /// </param>
    /// <returns>Whether the prefix held the whole header.</returns>
    /// <exception cref="GgufException">The header is wrong, or the file is too short for what it says.</exception>
    public static bool TryParse(
        ReadOnlySpan<byte> prefix, long fileLength, [NotNullWhen(true)] out GgufHeader? header, out long needed)
    {
        if (prefix.Length > fileLength)
            prefix = prefix[..(int)fileLength];
        try
        {
            header = new GgufHeaderReader(prefix, fileLength).Read();
            needed = header.HeaderLength;
            return true;
        }
        catch (PrefixEndedException ended)
        {
            header = null;
            needed = ended.Needed;
            return false;
        }
    }

    /// <summary>Reads a header from a whole file in memory.</summary>
    /// <param name="file">The file.</param>
    /// <returns>The header.</returns>
    /// <exception cref="GgufException">The header is wrong, or the file is too short for what it says.</exception>
    public static GgufHeader Parse(ReadOnlySpan<byte> file) =>
        TryParse(file, file.Length, out GgufHeader? header, out _) ? header : throw TooLong();

    /// <summary>Reads a header from a stream that can seek.</summary>
    /// <param name="stream">A file from its position 0 on; left anywhere.</param>
    /// <param name="mostBeyond">
    /// How many bytes beyond the header may be read, at least 64 KiB: for where each is paid for. Less means that more is
    /// parsed again.
    /// </param>
    /// <returns>The header.</returns>
    /// <exception cref="GgufException">The header is wrong, or the file is too short for what it says.</exception>
    public static GgufHeader Read(Stream stream, int mostBeyond = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long fileLength = stream.Length;
        var buffer = new byte[Math.Min(FirstRead, fileLength)];
        int read = 0;
        while (true)
        {
            stream.Position = read;
            stream.ReadExactly(buffer.AsSpan(read));
            read = buffer.Length;
            if (TryParse(buffer, fileLength, out GgufHeader? header, out long needed))
                return header;

            // Doubling keeps the sum of what is parsed again below twice the header.
            long next = Math.Min(Math.Max(needed, Math.Min(2L * read, read + (long)mostBeyond)), fileLength);
            if (next > Array.MaxLength || next <= read)
                throw TooLong();
            Array.Resize(ref buffer, (int)next);
        }
    }

    /// <summary>The paths of all shards of the model that a file belongs to.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">Its header.</param>
    /// <returns>The paths in order; of a file that is whole, its own.</returns>
    /// <exception cref="GgufException">A shard is missing, or the file's name does not say which it is.</exception>
    public static IReadOnlyList<string> ShardPaths(string path, GgufHeader header)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(header);
        return GgufShards.Locate(path, header);
    }

    /// <summary>Checks that headers are those of one model's shards, all of them and each once.</summary>
    /// <param name="headers">The headers, in order.</param>
    /// <param name="names">The files' names.</param>
    /// <exception cref="GgufException">A shard is missing, is another's, or repeats a tensor.</exception>
    public static void CheckShards(IReadOnlyList<GgufHeader> headers, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(names);
        GgufShards.CheckAll(headers, names);
    }

    private static GgufException TooLong() => new(
        $"the header is longer than {Array.MaxLength.ToString("N0", CultureInfo.InvariantCulture)} bytes",
        "header",
        "No real model has such a header; the file is damaged.");
}
