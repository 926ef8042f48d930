using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Features gathered from a model's layers: each name once, in the order of its first appearance, with the values that
/// occur, joined by '/'.
/// </summary>
internal sealed class FeatureList
{
    private readonly List<string> names = [];
    private readonly Dictionary<string, List<string>> values = new(StringComparer.Ordinal);

    public void Add(string name, string? value)
    {
        if (!values.TryGetValue(name, out List<string>? known))
        {
            names.Add(name);
            values.Add(name, known = []);
        }

        if (value is not null && !known.Contains(value))
            known.Add(value);
    }

    public void Add(string name, int value) => Add(name, value.ToString(CultureInfo.InvariantCulture));

    public void Add(string name, float value) => Add(name, value.ToString("R", CultureInfo.InvariantCulture));

    public void Add(string name, bool value) => Add(name, value ? "yes" : "no");

    /// <summary>For what most models do not have: nothing is said of those.</summary>
    public void AddUnless(bool absent, string name, string? value)
    {
        if (!absent)
            Add(name, value);
    }

    /// <inheritdoc cref="AddUnless(bool, string, string?)"/>
    public void AddUnless(bool absent, string name, float value)
    {
        if (!absent)
            Add(name, value);
    }

    public bool Has(string name) => values.ContainsKey(name);

    public IReadOnlyList<Feature> ToFeatures() => [.. names.Select(n => new Feature(n, string.Join('/', values[n])))];
}
