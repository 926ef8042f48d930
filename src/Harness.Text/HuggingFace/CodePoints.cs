using System.Runtime.CompilerServices;
using System.Text;
using Harness.Text.BytePair;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>Text as code points.</summary>
internal static class CodePoints
{
    /// <summary>The code points of a string.</summary>
    public static int[] Of(string text)
    {
        var result = new List<int>(text.Length);
        Add(Encoding.UTF8.GetBytes(text), result);
        return [.. result];
    }

    /// <summary>Adds the code points of UTF-8; what is invalid becomes U+FFFD.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<byte> utf8, List<int> result)
    {
        while (!utf8.IsEmpty)
        {
            if (utf8[0] < 0x80)
            {
                result.Add(utf8[0]);
                utf8 = utf8[1..];
                continue;
            }

            Rune.DecodeFromUtf8(utf8, out Rune rune, out int length);
            result.Add(rune.Value);
            utf8 = utf8[length..];
        }
    }

    /// <summary>The string of code points.</summary>
    public static string Text(List<int> text)
    {
        var result = new StringBuilder(text.Count);
        foreach (int codePoint in text)
            result.Append(new Rune(codePoint).ToString());
        return result.ToString();
    }

    /// <summary>Writes UTF-8.</summary>
    /// <param name="text">Code points.</param>
    /// <param name="bytes">Grown where needed.</param>
    /// <returns>The bytes.</returns>
    public static ReadOnlySpan<byte> Utf8(ReadOnlySpan<int> text, ref byte[] bytes)
    {
        if (bytes.Length < text.Length * 4)
            bytes = new byte[Math.Max(64, text.Length * 4)];
        int count = 0;
        foreach (int codePoint in text)
        {
            if (codePoint < 0x80)
                bytes[count++] = (byte)codePoint;
            else
                count += LenientUtf8.Encode(codePoint, bytes.AsSpan(count));
        }

        return bytes.AsSpan(0, count);
    }

    /// <summary>Adds the byte letters (<see cref="ByteAlphabet"/>) of the UTF-8 of a text.</summary>
    public static void AddByteLetters(ReadOnlySpan<int> text, List<int> result)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (int codePoint in text)
        {
            int length = LenientUtf8.Encode(codePoint, utf8);
            foreach (byte value in utf8[..length])
                result.Add(ByteAlphabet.LetterOf(value));
        }
    }
}
