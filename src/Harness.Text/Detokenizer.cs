using System.Buffers;
using System.Text;

namespace Harness.Text;

/// <summary>
/// Turns ids into text one by one, and never gives half a code point: bytes that begin one wait for the rest. Bytes
/// that can become no code point are given as U+FFFD, as the WHATWG decoder does. One for each stream of ids.
/// </summary>
public sealed class Detokenizer
{
    private readonly Tokenizer tokenizer;
    private readonly bool special;
    private readonly byte[] waiting = new byte[4];
    private int waitingCount;
    private bool stripsSpace;

    internal Detokenizer(Tokenizer tokenizer, bool stripsSpace, bool special)
    {
        this.tokenizer = tokenizer;
        this.stripsSpace = stripsSpace;
        this.special = special;
    }

    /// <summary>Adds a token.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The text that is now certain; empty while a code point is incomplete.</returns>
    public string Add(int id) => Add(tokenizer.TokenBytes(id, special));

    /// <summary>Ends the stream.</summary>
    /// <returns>U+FFFD if a code point was left incomplete, else nothing.</returns>
    public string Flush()
    {
        string rest = Encoding.UTF8.GetString(waiting, 0, waitingCount);
        waitingCount = 0;
        return rest;
    }

    /// <summary>Adds bytes; the token's own, as <see cref="Tokenizer.TokenBytes"/> gives them.</summary>
    internal string Add(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
            return string.Empty;
        if (stripsSpace && piece[0] == ' ')
            piece = piece[1..];
        stripsSpace = false;

        byte[] bytes = [.. waiting.AsSpan(0, waitingCount), .. piece];
        int whole = bytes.Length - IncompleteTail(bytes);
        waitingCount = bytes.Length - whole;
        bytes.AsSpan(whole).CopyTo(waiting);
        return Encoding.UTF8.GetString(bytes, 0, whole);
    }

    // How many bytes at the end begin a code point that may still be completed: 0 to 3.
    private static int IncompleteTail(ReadOnlySpan<byte> bytes)
    {
        for (int length = 1; length <= Math.Min(3, bytes.Length); length++)
        {
            ReadOnlySpan<byte> tail = bytes[^length..];
            if ((tail[0] & 0xC0) == 0x80)
                continue;
            return Rune.DecodeFromUtf8(tail, out _, out _) == OperationStatus.NeedMoreData ? length : 0;
        }

        return 0;
    }
}
