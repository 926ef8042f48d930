using System.Text.RegularExpressions;

namespace Harness.Receipts.Verdicts;

/// <summary>Evaluates what a prompt's text is expected to satisfy.</summary>
public static class Expectations
{
    /// <summary>The predicates there are.</summary>
    public static IReadOnlyList<string> Predicates { get; } = ["contains", "not-contains", "starts-with", "equals", "matches"];

    /// <summary>Whether a text satisfies an expectation.</summary>
    /// <param name="expectation">The expectation.</param>
    /// <param name="text">Generated text, without the prompt.</param>
    /// <exception cref="ReceiptException">The predicate is not known.</exception>
    public static bool Holds(Expectation expectation, string text)
    {
        ArgumentNullException.ThrowIfNull(expectation);
        ArgumentNullException.ThrowIfNull(text);
        return expectation.Predicate switch
        {
            "contains" => text.Contains(expectation.Value, StringComparison.Ordinal),
            "not-contains" => !text.Contains(expectation.Value, StringComparison.Ordinal),
            "starts-with" => text.TrimStart().StartsWith(expectation.Value, StringComparison.Ordinal),
            "equals" => text.Trim().Equals(expectation.Value, StringComparison.Ordinal),
            "matches" => Regex.IsMatch(text, expectation.Value, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant),
            _ => throw new ReceiptException(
                $"The predicate '{expectation.Predicate}' is not known; there are {string.Join(", ", Predicates)}."),
        };
    }
}
