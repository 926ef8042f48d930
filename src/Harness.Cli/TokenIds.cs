using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Harness.Cli;

/// <summary>Token ids as written on a command line: <c>"1 17 42"</c>, with spaces or commas between.</summary>
internal static class TokenIds
{
    /// <summary>Parses a list of ids.</summary>
    /// <param name="text">The list.</param>
    /// <param name="ids">The ids, none negative.</param>
    /// <param name="fault">What is wrong with it.</param>
    /// <returns>False when something is.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out int[]? ids, [NotNullWhen(false)] out string? fault)
    {
        string[] words = text.Split([' ', ',', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        ids = null;
        fault = words.Length == 0 ? "no token ids were given" : null;
        var parsed = new int[words.Length];
        for (int i = 0; i < words.Length && fault is null; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out parsed[i]))
                fault = $"'{words[i]}' is no token id";
            else if (parsed[i] < 0)
                fault = $"the token id {words[i]} is negative";
        }

        if (fault is not null)
            return false;

        ids = parsed;
        return true;
    }
}
