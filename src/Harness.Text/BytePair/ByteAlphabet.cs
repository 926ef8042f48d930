using Harness.Text.Vocabulary;

namespace Harness.Text.BytePair;

/// <summary>
/// GPT-2's way to write bytes as letters (<c>bytes_to_unicode</c> of its <c>encoder.py</c>): printable Latin-1 stands
/// for itself, the other bytes follow from U+0100 on, so that no token holds white space or control characters.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly short[] ByteOfLetter = BuildByteOfLetter();
    private static readonly short[] Letters = BuildLetters();

    /// <summary>Reads letters back into bytes.</summary>
    /// <param name="letters">A token's text, UTF-8.</param>
    /// <param name="bytes">Receives the bytes; at least as long as <paramref name="letters"/>.</param>
    /// <returns>How many bytes, or −1 when the text holds something that is no byte letter.</returns>
    public static int Decode(ReadOnlySpan<byte> letters, Span<byte> bytes)
    {
        int count = 0;
        for (int at = 0; at < letters.Length;)
        {
            int letter;
            if (letters[at] < 0x80)
            {
                letter = letters[at++];
            }
            else
            {
                // All letters lie below U+0144: two bytes, the first 0xC2 to 0xC5.
                if (letters[at] is < 0xC2 or > 0xC5 || at + 1 == letters.Length || (letters[at + 1] & 0xC0) != 0x80)
                    return -1;
                letter = LenientUtf8.DecodeFirst(letters[at..]);
                at += 2;
            }

            if (letter >= ByteOfLetter.Length || ByteOfLetter[letter] < 0)
                return -1;
            bytes[count++] = (byte)ByteOfLetter[letter];
        }

        return count;
    }

    /// <summary>The letter of a byte.</summary>
    public static int LetterOf(byte value) => Letters[value];

    /// <summary>Whether a byte stands for itself.</summary>
    public static bool IsItself(int value) => value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static short[] BuildLetters()
    {
        var letters = new short[256];
        for (int letter = 0; letter < ByteOfLetter.Length; letter++)
        {
            if (ByteOfLetter[letter] >= 0)
                letters[ByteOfLetter[letter]] = (short)letter;
        }

        return letters;
    }

    private static short[] BuildByteOfLetter()
    {
        var table = new short[0x144];
        Array.Fill(table, (short)-1);
        int next = 0x100;
        for (int value = 0; value < 256; value++)
            table[IsItself(value) ? value : next++] = (short)value;
        return table;
    }
}
