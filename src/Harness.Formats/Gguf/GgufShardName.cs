using System.Globalization;
using System.Text.RegularExpressions;

namespace Harness.Formats.Gguf;

/// <summary>The name of one file of a split model: <c>name-00001-of-00003.gguf</c>, numbered from 1.</summary>
/// <param name="Prefix">What stands before the number.</param>
/// <param name="Number">From 1 to <paramref name="Count"/>.</param>
/// <param name="Count">How many files there are.</param>
public sealed partial record GgufShardName(string Prefix, int Number, int Count)
{
    /// <summary>The file's name.</summary>
    /// <returns>Prefix, number, count and extension.</returns>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{Number:D5}-of-{Count:D5}.gguf");

    /// <summary>Reads a name or a path.</summary>
    /// <param name="name">A file name; a path keeps its folder in <see cref="Prefix"/>.</param>
    /// <returns>Its parts, or null where it is not the name of a shard.</returns>
    public static GgufShardName? TryParse(string name)
    {
        Match match = Pattern().Match(name);
        if (!match.Success)
            return null;
        int number = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        int count = int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
        return number >= 1 && number <= count ? new(match.Groups[1].Value, number, count) : null;
    }

    [GeneratedRegex(@"^(.+)-([0-9]{5})-of-([0-9]{5})\.gguf$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
