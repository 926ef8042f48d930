using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>A blueprint told as a flat list. Values that differ between layers are listed once each, joined by '/'.</summary>
internal static class BlueprintFeatures
{
    public static IReadOnlyList<Feature> Of(Blueprint blueprint)
    {
        var features = new List<Feature>();
        void Add(string name, string value) => features.Add(new Feature(name, value));
        void AddPerLayer(string name, Func<LayerBlueprint, string> value) =>
            Add(name, string.Join('/', blueprint.Layers.Select(value).Distinct()));

        Add("architecture", blueprint.Architecture);
        Add("layers", Text(blueprint.Layers.Length));
        Add("embedding", Text(blueprint.EmbeddingLength));
        Add("vocabulary", Text(blueprint.VocabularySize));
        Add("context", Text(blueprint.ContextLength));
        Add("norm", blueprint.Norm.Kind switch { NormKind.Rms => "rms", _ => throw new InvalidOperationException() });
        Add("norm-epsilon", Text(blueprint.Norm.Epsilon));
        AddPerLayer("attention", l => KindOf(l.Attention));
        AddPerLayer("heads", l => Text(l.Attention.HeadCount));
        AddPerLayer("kv-heads", l => Text(l.Attention.KeyValueHeadCount));
        AddPerLayer("gqa-ratio", l => Text(l.Attention.HeadCount / l.Attention.KeyValueHeadCount));
        AddPerLayer("key-length", l => Text(l.Attention.KeyLength));
        AddPerLayer("value-length", l => Text(l.Attention.ValueLength));
        AddPerLayer("qkv", l => l.Attention.FusedQkv ? "fused" : "split");
        AddPerLayer("qkv-bias", l => Text(l.Attention.QkvBias));
        AddPerLayer("attention-output-bias", l => Text(l.Attention.OutputBias));
        AddPerLayer("attention-window", _ => "none");
        AddPerLayer("position", l => l.Attention.Rotary.Kind == RotaryKind.Norm ? "rope-norm" : "rope-neox");
        AddPerLayer("rope-dimensions", l => Text(l.Attention.Rotary.Dimensions));
        AddPerLayer("rope-base", l => Text(l.Attention.Rotary.Base));
        AddPerLayer("rope-scaling", l => ScalingOf(l.Attention.Rotary));
        AddPerLayer("feed-forward", l => l.FeedForward.Kind switch
        {
            FeedForwardKind.GatedSilu => "gated-silu",
            _ => throw new InvalidOperationException(),
        });
        AddPerLayer("feed-forward-length", l => Text(l.FeedForward.Length));
        AddPerLayer("feed-forward-bias", l => Text(l.FeedForward.Bias));
        Add("experts", "none");
        Add("tied-output", Text(blueprint.TiedOutput));
        Add("output-bias", Text(blueprint.OutputBias));
        return features;
    }

    private static string KindOf(AttentionBlueprint attention) =>
        attention.KeyValueHeadCount == attention.HeadCount ? "mha"
        : attention.KeyValueHeadCount == 1 ? "mqa"
        : "gqa";

    private static string ScalingOf(RotaryBlueprint rotary)
    {
        var parts = new List<string>();
        if (rotary.LinearScale != 1)
            parts.Add("linear ×" + Text(1 / rotary.LinearScale));
        if (rotary.FrequencyFactors)
            parts.Add("frequency factors");
        if (rotary.Magnitude != 1)
            parts.Add("magnitude " + Text(rotary.Magnitude));
        return parts.Count == 0 ? "none" : string.Join(", ", parts);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Text(bool value) => value ? "yes" : "no";
}
