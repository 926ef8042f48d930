using System.Text.RegularExpressions;

namespace Harness.Matrix;

/// <summary>How a predicate reads its value.</summary>
public enum PredicateKind
{
    /// <summary>The text holds the value, letter by letter.</summary>
    Contains,

    /// <summary>The text does not hold the value.</summary>
    NotContains,

    /// <summary>The text, after leading white space, begins with the value.</summary>
    StartsWith,

    /// <summary>The text matches the regular expression somewhere.</summary>
    Matches,
}

/// <summary>A condition on generated text.</summary>
/// <param name="Kind">How the value is read.</param>
/// <param name="Value">A text, or a regular expression.</param>
public sealed record Predicate(PredicateKind Kind, string Value)
{
    /// <summary>No backtracking: what a model says cannot make the check slow.</summary>
    internal const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Whether the condition holds.</summary>
    /// <param name="generated">What was generated, without the prompt.</param>
    public bool Holds(string generated) => Kind switch
    {
        PredicateKind.Contains => generated.Contains(Value, StringComparison.Ordinal),
        PredicateKind.NotContains => !generated.Contains(Value, StringComparison.Ordinal),
        PredicateKind.StartsWith => generated.AsSpan().TrimStart().StartsWith(Value, StringComparison.Ordinal),
        _ => Regex.IsMatch(generated, Value, Options),
    };

    /// <summary>As <c>contains '2'</c>.</summary>
    public override string ToString() => Kind switch
    {
        PredicateKind.Contains => "contains",
        PredicateKind.NotContains => "does not contain",
        PredicateKind.StartsWith => "starts with",
        _ => "matches",
    } + " " + Wording.Quote(Value);
}
