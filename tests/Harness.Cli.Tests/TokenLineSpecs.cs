using System.Globalization;
using System.Text;
using Harness.Cli.Commands;
using Harness.Text;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness tokenize</c> gives one JSON array for each line, or says which line is wrong.</summary>
public sealed class TokenLineSpecs
{
    [TestCase("\"ab\"\n\"\"\n\"b\"\n", "[97,98]\n[]\n[98]\n")]
    [TestCase("\"ab\"", "[97,98]\n", TestName = "A last line needs no line break")]
    [TestCase(" \"a\" \r\n\"b\"\r\n", "[97]\n[98]\n", TestName = "Lines may end as on Windows")]
    [TestCase("\uFEFF\"a\"\n", "[97]\n", TestName = "A byte-order mark is no text")]
    [TestCase("\"\\u0061\\n\\\"\"\n", "[97,10,34]\n", TestName = "Escapes are read")]
    [TestCase("\"\\ud83d\\ude01\"\n", "[240,159,152,129]\n", TestName = "Pairs of surrogates are one code point")]
    [TestCase("", "")]
    public void Each_line_gives_its_ids(string lines, string expected) =>
        Assert.That(Write(lines), Is.EqualTo(expected));

    [TestCase("\"a\"\n\n\"b\"\n", 2, TestName = "An empty line")]
    [TestCase("\"a\"\n[1]\n", 2, TestName = "An array")]
    [TestCase("\"a\nb\"\n", 1, TestName = "A string over two lines")]
    [TestCase("\"a\"\n\"b\"\n\"c\" \"d\"\n", 3, TestName = "Two strings")]
    [TestCase("\"\\ud83d\"\n", 1, TestName = "Half a surrogate pair")]
    [TestCase("plain\n", 1, TestName = "Bare text")]
    public void A_bad_line_is_named_by_its_number(string lines, int number)
    {
        var error = Assert.Throws<TokenLineException>(() => Write(lines));
        Assert.Multiple(() =>
        {
            Assert.That(error!.Line, Is.EqualTo(number));
            Assert.That(error.Message, Does.Not.Contain("LineNumber"));
        });
    }

    [Test]
    public void Lines_longer_than_any_buffer_are_read_whole()
    {
        string longLine = new('a', 300_000);
        string written = Write($"\"a\"\n\"{longLine}\"\n\"b\"\n");
        string[] lines = written.Split('\n');
        Assert.Multiple(() =>
        {
            Assert.That(lines[0], Is.EqualTo("[97]"));
            Assert.That(lines[1].Count(c => c == ','), Is.EqualTo(longLine.Length - 1));
            Assert.That(lines[2], Is.EqualTo("[98]"));
        });
    }

    private static string Write(string lines)
    {
        // One token a byte: ids can be read.
        var tokens = Enumerable.Range(0, 256)
            .Select(b => Encoding.ASCII.GetBytes($"<0x{b.ToString("X2", CultureInfo.InvariantCulture)}>"))
            .Select(bytes => new ReadOnlyMemory<byte>(bytes));
        var tokenizer = Tokenizer.Create(new TokenizerData
        {
            Model = "llama",
            Tokens = [.. tokens],
            Types = Enumerable.Repeat((int)TokenType.Byte, 256).ToArray(),
            AddSpacePrefix = false,
        });
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(lines));
        using var output = new MemoryStream();
        TokenLines.Write(tokenizer, input, output, special: false);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
