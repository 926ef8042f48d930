using System.Text;

namespace Harness.Text.Tests;

/// <summary>Texts that tokenizers get wrong: runs, scripts without spaces, marks, control characters, astral planes.</summary>
internal static class RandomText
{
    private static readonly (int First, int Last)[] Blocks =
    [
        (0x20, 0x7E), (0x61, 0x7A), (0x30, 0x39), (0x20, 0x20), (0x00, 0x1F), (0x80, 0x24F), (0x300, 0x36F),
        (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0x1780, 0x17FF), (0x2000, 0x206F), (0x2100, 0x2BFF),
        (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFE00, 0xFFFD), (0x1D400, 0x1D7FF),
        (0x1F300, 0x1FAFF), (0x10000, 0x10FFFF),
    ];

    private static readonly string[] Pieces =
    [
        "'s", "'LL", "'", "the", " hello", "    ", "\n\n", "\r\n", "<|im_start|>", "<tool>", "<tool>x", "</s>", "<0x0A>",
        "👨‍👩‍👧", "e\u0301", "1234567", "３．１４", "▁", "Ġ", "//", "~",
    ];

    private static readonly string[] Code =
    [
        "for (int i = 0; i < n; ++i) {\n\t\tsum += a[i] * 1.5e-3f;\n}\n", "def f(x: int) -> str:\n    return f\"{x!r:>10}\"\n",
        "SELECT * FROM `t` WHERE a<>'b' AND c>=12345;", "<div class=\"a\">&nbsp;</div>\r\n", "x**2//3 != y<<1 || ~z", "#include <vector>\n",
        "https://example.org/a_b-c?d=e%20f&g=1,234.56", "I'm you're we'LL THEY'VE don't o'clock", "Größe: 3½ µm²", "CamelCaseWords andMoreHTMLParser",
    ];

    private static readonly string[] White =
        [" ", "  ", "\t", "\n", "\r\n", "\r", "\u00A0", "\u2003", "\u3000", "\u200B", "\u0085", "\u000B", "\u2028", "    ", "\uFEFF"];

    public static string Next(Random random)
    {
        var text = new StringBuilder();
        for (int parts = random.Next(1, 12); parts > 0; parts--)
        {
            if (random.Next(4) == 0)
            {
                text.Append(Pieces[random.Next(Pieces.Length)]);
                continue;
            }

            (int first, int last) = Blocks[random.Next(Blocks.Length)];
            int same = random.Next(3) == 0 ? random.Next(first, last + 1) : -1;
            for (int n = random.Next(1, 10); n > 0; n--)
            {
                int c = same >= 0 ? same : random.Next(first, last + 1);
                text.Append(Rune.IsValid(c) ? new Rune(c).ToString() : "?");
            }
        }

        return text.ToString();
    }

    /// <summary>Random text with special tokens and tokens of the vocabulary among it.</summary>
    public static string Next(Random random, IReadOnlyList<string> special, TokenizerData data)
    {
        var text = new StringBuilder();
        for (int parts = random.Next(1, 5); parts > 0; parts--)
        {
            switch (random.Next(6))
            {
                case 0 when special.Count > 0:
                    text.Append(special[random.Next(special.Count)]);
                    break;
                case 1:
                    text.Append(Code[random.Next(Code.Length)]);
                    break;
                case 2:
                    string token = Encoding.UTF8.GetString(data.Tokens[random.Next(data.Tokens.Count)].Span);
                    text.Append(token.Replace('Ġ', ' ').Replace('▁', ' ').Replace('Ċ', '\n'));
                    break;
                case 3:
                    for (int n = random.Next(1, 6); n > 0; n--)
                        text.Append(White[random.Next(White.Length)]);
                    break;
                default:
                    text.Append(Next(random));
                    break;
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// Bytes that may be no UTF-8, but hold no four bytes for a code point above U+10FFFF: llama.cpp decodes such and, when it
    /// encodes them again, ends the process.
    /// </summary>
    public static byte[] NextBytes(Random random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Next(random));
        for (int n = random.Next(4); n > 0; n--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        for (int i = 0; i + 3 < bytes.Length; i++)
        {
            if (bytes[i] is >= 0xF5 and <= 0xF7 || (bytes[i] == 0xF4 && bytes[i + 1] >= 0x90))
                bytes[i] = 0xFF;
        }

        return bytes[..random.Next(bytes.Length + 1)];
    }
}
