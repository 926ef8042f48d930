using System.Globalization;

namespace Harness.Cli;

/// <summary>Token ids as written on a command line: <c>"1 17 42"</c>, with spaces or commas between.</summary>
internal static class TokenIds
{
    /// <summary>Parses a list of ids.</summary>
    /// <param name="text">The list.</param>
    /// <returns>The ids, at least one, none negative.</returns>
    /// <exception cref="CommandException">It is no such list.</exception>
    public static int[] Parse(string text)
    {
        string[] words = text.Split([' ', ',', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) throw Wrong("no token ids were given");
        return Array.ConvertAll(words, word =>
            !int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int id) ? throw Wrong($"'{word}' is no token id")
            : id < 0 ? throw Wrong($"the token id {word} is negative")
            : id);
    }

    private static CommandException Wrong(string what) =>
        new(ExitStatus.Usage, what, "--tokens", "Give ids from 0 on, as in --tokens \"1 17 42\".");
}
