using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using Harness.Text;

namespace Harness.Cli.Commands;

/// <summary>A line that is no JSON string.</summary>
internal sealed class TokenLineException(long line, string message) : Exception(message)
{
    /// <summary>The line's number, from 1.</summary>
    public long Line { get; } = line;
}

/// <summary>JSON strings in, JSON arrays of ids out, a line each; memory is bounded by the longest line.</summary>
internal static class TokenLines
{
    private const int BlockSize = 1 << 16;

    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>Tokenizes every line.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="input">JSON strings, UTF-8; an empty last line is no line.</param>
    /// <param name="output">Receives the arrays; what came before a bad line is written.</param>
    /// <param name="special">Whether the text of control tokens becomes those tokens.</param>
    /// <exception cref="TokenLineException">A line is no JSON string.</exception>
    public static void Write(ITextTokenizer tokenizer, Stream input, Stream output, bool special)
    {
        using var buffered = new BufferedStream(output, BlockSize);
        var ids = new List<int>();
        byte[] buffer = new byte[BlockSize];
        byte[] text = [];
        int filled = 0;
        int scanned = 0;
        long number = 0;
        bool ended = false;
        while (!ended)
        {
            if (filled == buffer.Length)
                Array.Resize(ref buffer, checked(buffer.Length * 2));
            int read = input.Read(buffer, filled, buffer.Length - filled);
            ended = read == 0;
            filled += read;

            int start = 0;
            while (true)
            {
                int newline = buffer.AsSpan(scanned, filled - scanned).IndexOf((byte)'\n');
                scanned = newline < 0 ? filled : scanned + newline + 1;
                if (newline < 0 && (!ended || start == filled))
                    break;
                ReadOnlySpan<byte> line = buffer.AsSpan(start, scanned - start);
                if (++number == 1 && line.StartsWith(Utf8Mark))
                    line = line[Utf8Mark.Length..];
                ids.Clear();
                tokenizer.Encode(Parse(line, number, ref text), special, ids);
                WriteIds(CollectionsMarshal.AsSpan(ids), buffered);
                start = scanned;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            scanned -= start;
        }
    }

    private static ReadOnlySpan<byte> Parse(ReadOnlySpan<byte> line, long number, ref byte[] text)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
                throw new TokenLineException(number, "the line is no JSON string");
            if (text.Length < reader.ValueSpan.Length)
                text = new byte[Math.Max(256, reader.ValueSpan.Length)];
            int length = reader.CopyString(text);
            return reader.Read()
                ? throw new TokenLineException(number, "there is more on the line than one JSON string")
                : text.AsSpan(0, length);
        }
        catch (JsonException exception)
        {
            // The reader counts lines too, from 0; ours is the one that means something.
            string message = exception.Message;
            int place = message.IndexOf(" LineNumber", StringComparison.Ordinal);
            throw new TokenLineException(number, $"the line is no JSON string: {(place < 0 ? message : message[..place])}");
        }
        catch (InvalidOperationException)
        {
            throw new TokenLineException(number, "the JSON string holds half a surrogate pair or invalid UTF-8, which is no text");
        }
    }

    private static void WriteIds(ReadOnlySpan<int> ids, BufferedStream output)
    {
        Span<byte> digits = stackalloc byte[16];
        output.WriteByte((byte)'[');
        for (int i = 0; i < ids.Length; i++)
        {
            if (i > 0)
                output.WriteByte((byte)',');
            Utf8Formatter.TryFormat(ids[i], digits, out int length);
            output.Write(digits[..length]);
        }

        output.WriteByte((byte)']');
        output.WriteByte((byte)'\n');
    }
}
