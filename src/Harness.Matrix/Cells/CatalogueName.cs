using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>What ids look like: they stand in command lines, file names, globs and Markdown tables.</summary>
internal static class CatalogueName
{
    public const string Rule = "an id is 1 to 64 small letters, digits, dots and dashes, and begins with a letter or digit";

    public static bool IsOne(string text)
    {
        if (text.Length is 0 or > 64 || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (char c in text)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')) return false;
        }

        return true;
    }

    /// <summary>Reads a required id field.</summary>
    public static string Read(FieldReader reader, string field, string example)
    {
        string id = reader.RequiredText(field, example);
        if (id.Length > 0 && !IsOne(id)) reader.Report(field, $"{Wording.Quote(id)} is no id", Rule);
        return id;
    }
}
