using Harness.Text.RegularExpressions;

namespace Harness.Text.HuggingFace;

/// <summary>What is looked for in text: a literal, or a regular expression.</summary>
internal sealed class TextPattern
{
    private readonly int[]? literal;
    private readonly RegexMatcher? matcher;

    private TextPattern(string source, int[]? literal, RegexMatcher? matcher)
    {
        Source = source;
        this.literal = literal;
        this.matcher = matcher;
    }

    /// <summary>The literal or the expression as written.</summary>
    public string Source { get; }

    /// <summary>Whether it is a regular expression.</summary>
    public bool IsRegex => matcher is not null;

    /// <summary>Reads <c>{"String": …}</c>, <c>{"Regex": …}</c> or a bare string.</summary>
    public static TextPattern Read(JsonPlace json)
    {
        if (json.Element.ValueKind == System.Text.Json.JsonValueKind.String)
            return new TextPattern(json.AsText(), CodePoints.Of(json.AsText()), null);
        if (json.Text("String") is { } text)
            return new TextPattern(text, CodePoints.Of(text), null);
        JsonPlace regex = json.Get("Regex");
        return Regex(regex.AsText(), regex);
    }

    /// <summary>A regular expression.</summary>
    /// <param name="source">The expression.</param>
    /// <param name="json">Where it stands.</param>
    public static TextPattern Regex(string source, JsonPlace json)
    {
        try
        {
            return new TextPattern(source, null, new RegexMatcher(source));
        }
        catch (FormatException e)
        {
            throw json.Error(e.Message);
        }
    }

    /// <summary>Finds all matches.</summary>
    public void FindAll(ReadOnlySpan<int> text, List<RegexMatch> matches)
    {
        if (matcher is not null)
        {
            matcher.FindAll(text, matches);
            return;
        }

        ReadOnlySpan<int> key = literal;
        for (int at = 0; key.Length > 0 && at < text.Length;)
        {
            int found = text[at..].IndexOf(key);
            if (found < 0)
                return;
            matches.Add(new RegexMatch(at + found, at + found + key.Length));
            at += found + key.Length;
        }
    }
}
