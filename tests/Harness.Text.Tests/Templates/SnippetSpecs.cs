using System.Text.Json;
using Harness.Text.Templates;
using NUnit.Framework;

namespace Harness.Text.Tests.Templates;

/// <summary>What Jinja2 renders of each snippet, we render; where it fails, we fail the same way.</summary>
public sealed class SnippetSpecs
{
    private static readonly DateTimeOffset Now = new(2024, 7, 6, 5, 4, 3, TimeSpan.Zero);

    public static IEnumerable<TestCaseData> Snippets()
    {
        string[] snippets = File.ReadAllText(Sample("snippets.txt")).TrimEnd('\n').Split("\n====\n");
        JsonElement[] expected = [.. JsonDocument.Parse(File.ReadAllBytes(Sample("snippets.expected.json"))).RootElement.EnumerateArray()];
        Assert.That(expected, Has.Length.EqualTo(snippets.Length), "snippets.expected.json is made by record_snippets.py");
        return snippets.Select((snippet, i) => new TestCaseData(snippet, expected[i]).SetArgDisplayNames($"{i}", snippet.Length > 60 ? snippet[..60] : snippet));
    }

    [TestCaseSource(nameof(Snippets))]
    public void A_snippet_renders_as_Jinja2_renders_it(string snippet, JsonElement expected) =>
        Assert.That(Render(snippet, Variables), Is.EqualTo(Describe(expected)));

    internal static TemplateVariables Variables { get; } = TemplateVariables.FromJson(File.ReadAllBytes(Sample("variables.json")));

    internal static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "Templates", name);

    /// <summary>The text, or the kind of failure and its message.</summary>
    internal static string Render(string template, TemplateVariables variables)
    {
        try
        {
            return ChatTemplate.Parse(template).Render(variables, Now);
        }
        catch (TemplateException e)
        {
            string line = e.Failure == TemplateFailure.Syntax ? $" (line {e.Line})" : "";
            return $"{e.Failure}: {e.Message}{line}";
        }
    }

    /// <summary>What the oracle said, in the same form.</summary>
    internal static string Describe(JsonElement answer)
    {
        if (answer.TryGetProperty("text", out JsonElement text)) return text.GetString()!;
        string kind = answer.GetProperty("error").GetString()!;
        string line = kind == "syntax" ? $" (line {answer.GetProperty("line")})" : "";
        return $"{char.ToUpperInvariant(kind[0])}{kind[1..]}: {answer.GetProperty("message").GetString()}{line}";
    }
}
