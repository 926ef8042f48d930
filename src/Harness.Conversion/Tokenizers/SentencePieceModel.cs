using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// Reads a <c>tokenizer.model</c> of SentencePiece: a protocol buffer whose field 1 is a piece (1 text, 2 score, 3 type).
/// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
/// </summary>
internal static class SentencePieceModel
{
    private const long LongestFile = 64 << 20;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">How many tokens the model has.</param>
    /// <exception cref="ConversionException">It is no such file, or its pieces are merged otherwise than by score.</exception>
    public static TokenList Read(string path, long count)
    {
        if (new FileInfo(path).Length > LongestFile)
            throw Damaged(path, "it is longer than 64 MiB");
        var tokens = new TokenList("llama", count);
        ReadOnlySpan<byte> rest = File.ReadAllBytes(path);
        int id = 0;
        try
        {
            while (!rest.IsEmpty)
            {
                (int field, _, ReadOnlySpan<byte> bytes) = Next(ref rest);
                if (field == 2 && ModelType(bytes) is 1)
                    throw new ConversionException(TokenizerKeys.Step, "the SentencePiece model is a unigram model, which llama's kind of tokenizer cannot hold", path, "Convert a model whose pieces are merged (BPE).");
                if (field != 1)
                    continue;

                // More pieces than the model has tokens: the model cannot say them.
                if (id < tokens.Count)
                    AddPiece(tokens, id, bytes);
                id++;
            }
        }
        catch (Exception exception) when (exception is FormatException or DecoderFallbackException)
        {
            throw Damaged(path, $"piece {id.ToString(CultureInfo.InvariantCulture)} cannot be read");
        }

        return id > 0 ? tokens : throw Damaged(path, "it has no pieces");
    }

    private static void AddPiece(TokenList tokens, int id, ReadOnlySpan<byte> piece)
    {
        string text = "";
        float score = 0;
        ulong type = 1;
        while (!piece.IsEmpty)
        {
            (int field, ulong number, ReadOnlySpan<byte> bytes) = Next(ref piece);
            switch (field)
            {
                case 1:
                    text = Strict.GetString(bytes);
                    break;
                case 2:
                    score = BitConverter.UInt32BitsToSingle((uint)number);
                    break;
                case 3:
                    type = number;
                    break;
            }
        }

        // As converters have it: what the trainer was told to keep whole is a piece like others.
        tokens.Set(id, text, type switch { 2 => TokenType.Unknown, 3 => TokenType.Control, 5 => TokenType.Unused, 6 => TokenType.Byte, _ => TokenType.Normal }, score);
    }

    private static ulong? ModelType(ReadOnlySpan<byte> trainer)
    {
        // Absent means unigram.
        ulong type = 1;
        while (!trainer.IsEmpty)
        {
            (int field, ulong number, _) = Next(ref trainer);
            if (field == 3)
                type = number;
        }

        return type;
    }

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The next field: its number, and its value, which is a number or bytes.</summary>
    private static Field Next(ref ReadOnlySpan<byte> rest)
    {
        ulong tag = Varint(ref rest);
        ulong number = 0;
        ReadOnlySpan<byte> bytes = default;
        switch (tag & 7)
        {
            case 0:
                number = Varint(ref rest);
                break;
            case 1 when rest.Length >= 8:
                number = BinaryPrimitives.ReadUInt64LittleEndian(rest);
                rest = rest[8..];
                break;
            case 2:
                ulong length = Varint(ref rest);
                if (length > (ulong)rest.Length)
                    throw new FormatException();
                bytes = rest[..(int)length];
                rest = rest[(int)length..];
                break;
            case 5 when rest.Length >= 4:
                number = BinaryPrimitives.ReadUInt32LittleEndian(rest);
                rest = rest[4..];
                break;
            default:
                throw new FormatException();
        }

        return new Field((int)(tag >> 3), number, bytes);
    }

    private static ulong Varint(ref ReadOnlySpan<byte> rest)
    {
        ulong value = 0;
        for (int i = 0; i < 10 && i < rest.Length; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] >= 0x80)
                continue;
            rest = rest[(i + 1)..];
            return value;
        }

        throw new FormatException();
    }

    private static ConversionException Damaged(string path, string what) =>
        new(TokenizerKeys.Step, $"the file is no SentencePiece model: {what}", path, "Download it again; a pointer of git lfs must be fetched.");

    private readonly ref struct Field(int id, ulong number, ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;

        public void Deconstruct(out int field, out ulong value, out ReadOnlySpan<byte> content)
        {
            field = id;
            value = number;
            content = bytes;
        }
    }
}
