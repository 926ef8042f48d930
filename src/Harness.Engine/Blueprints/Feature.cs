namespace Harness.Engine.Blueprints;

/// <summary>One fact of a blueprint, as reports show it.</summary>
/// <param name="Name">A stable name, in kebab case: <c>kv-heads</c>.</param>
/// <param name="Value">The value, invariant: a number, a word, <c>yes</c> or <c>no</c>.</param>
public sealed record Feature(string Name, string Value);
