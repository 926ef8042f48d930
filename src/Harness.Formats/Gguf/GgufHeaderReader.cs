using System.Globalization;

namespace Harness.Formats.Gguf;

/// <summary>
/// Reads a header from a prefix of a file. The file is never believed: every count and length is compared with the
/// bytes that are really there before anything of that size is allocated.
/// </summary>
internal ref partial struct GgufHeaderReader(ReadOnlySpan<byte> prefix, long fileLength)
{
    private const uint Magic = 0x46554747; // "GGUF"

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
}
