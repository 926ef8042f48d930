using System.Text;
using Harness.Formats.Gguf;
using NUnit.Framework;

namespace Harness.Conversion.Tests;

/// <summary>Compares what two files say of their tokenizers.</summary>
internal static class SameTokenizers
{
    /// <summary>Each key of one must be in the other with the same value.</summary>
    /// <param name="expected">The one.</param>
    /// <param name="found">The other.</param>
    /// <param name="except">Keys that rightly differ.</param>
    public static void Compare(GgufMetadata expected, GgufMetadata found, params string[] except)
    {
        foreach ((string key, GgufValue value) in expected.Where(e => e.Key.StartsWith("tokenizer.", StringComparison.Ordinal) && !except.Contains(e.Key)))
        {
            if (!found.TryGet(key, out GgufValue? other))
                Assert.Fail($"{key} is missing");
            else
                Assert.That(Text(other), Is.EqualTo(Text(value)), key);
        }
    }

    private static string Text(GgufValue value)
    {
        if (value.TryAsStrings(out GgufStringArray strings))
            return string.Join('\n', Enumerable.Range(0, strings.Count).Select(i => Encoding.UTF8.GetString(strings.GetMemory(i).Span)));
        return value.TryAsArray(out ReadOnlyMemory<double> numbers) ? string.Join(' ', numbers.ToArray()) : value.ToString();
    }
}
