using Harness.Receipts;

namespace Harness.Reporting;

/// <summary>Sorts the features a blueprint says into the columns that people compare models by.</summary>
internal static class Structures
{
    // Told by a column, or sizes that say nothing of the architecture.
    private static readonly HashSet<string> Elsewhere =
    [
        "architecture", "layers", "embedding", "vocabulary", "context", "norm", "norm-epsilon", "norm-place", "attention", "heads",
        "kv-heads", "gqa-ratio", "key-length", "value-length", "qkv-bias", "attention-output-bias", "attention-window", "position",
        "rope-dimensions", "rope-base", "rope-scaling", "feed-forward", "feed-forward-length", "feed-forward-bias", "experts",
        "experts-used", "tied-output", "output-bias", "recurrence", "recurrent", "expert-feed-forward",
    ];

    // What goes without saying.
    private static readonly HashSet<(string, string)> Usual = [("residual", "sequential"), ("qkv", "split")];

    public static StructureView Of(string model, ModelFacts facts)
    {
        Dictionary<string, string> features = facts.Features.GroupBy(f => f.Name).ToDictionary(g => g.Key, g => g.First().Value);
        string Get(string name) => features.GetValueOrDefault(name, "–");
        bool Has(string name) => features.TryGetValue(name, out string? value) && value is not ("none" or "no");
        string scaling = Has("rope-scaling") ? $", {Get("rope-scaling")}" : "";
        string[] biases = [.. new (string Feature, string Word)[]
        {
            ("qkv-bias", "qkv"), ("attention-output-bias", "attention output"), ("feed-forward-bias", "feed-forward"), ("output-bias", "output"),
        }.Where(b => Has(b.Feature)).Select(b => b.Word)];
        string attention = Has("heads") && Has("kv-heads") ? $"{Get("attention")} {Get("heads")}:{Get("kv-heads")} × {Get("key-length")}" : Get("attention");
        return new StructureView(
            facts.Architecture,
            model,
            !Has("recurrence") ? attention : Has("attention") ? $"{attention}, {Get("recurrence")}" : Get("recurrence"),
            Get("position") + scaling,
            Get("attention-window"),
            Has("feed-forward") ? Get("feed-forward") : Get("expert-feed-forward"),
            Has("experts-used") ? $"{Get("experts")}, {Get("experts-used")} used" : Get("experts"),
            Has("norm-place") ? $"{Get("norm")}, {Get("norm-place")}" : Get("norm"),
            biases.Length == 0 ? "none" : string.Join(", ", biases),
            Get("tied-output"),
            string.Join(", ", facts.Features.Where(f => !Elsewhere.Contains(f.Name) && !Usual.Contains((f.Name, f.Value)) && f.Value is not ("none" or "no")).Select(f => f.Value == "yes" ? f.Name : $"{f.Name} {f.Value}")));
    }
}
