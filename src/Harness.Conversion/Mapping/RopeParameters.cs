using System.Text.Json;
using Harness.Conversion.Source;

namespace Harness.Conversion.Mapping;

/// <summary>
/// What a configuration says of rotation: <c>rope_parameters</c>, or the older <c>rope_scaling</c> with its base beside it.
/// Models with windows have an object each for full and for windowed attention.
/// </summary>
internal sealed record RopeParameters
{
    private readonly JsonElement? full;

    private RopeParameters(ModelConfig config)
    {
        JsonElement? all = config.Find("rope_parameters", "rope_scaling");
        if (all is { ValueKind: JsonValueKind.Object } scaling)
            full = scaling.TryGetProperty("full_attention", out JsonElement inner) && inner.ValueKind == JsonValueKind.Object ? inner : scaling;
        Type = Text("rope_type") ?? Text("type");
        Base = Number("rope_theta") ?? config.TryNumber("global_rope_theta", "rope_global_theta", "rope_theta", "rotary_emb_base");
        WindowedBase = all is { ValueKind: JsonValueKind.Object } both && both.TryGetProperty("sliding_attention", out JsonElement windowed)
            && windowed.ValueKind == JsonValueKind.Object && windowed.TryGetProperty("rope_theta", out JsonElement theta) && theta.TryGetDouble(out double value)
                ? value
                : config.TryNumber("rope_local_base_freq", "local_rope_theta", "swa_rope_theta");
        PartialFactor = Number("partial_rotary_factor") ?? config.TryNumber("partial_rotary_factor", "rope_pct", "rotary_pct", "rope_percentage", "rope_percent", "rope_ratio");
    }

    /// <summary>The kind of scaling, in lower case; null for none.</summary>
    public string? Type { get; }

    /// <summary>The base of the frequencies, or null.</summary>
    public double? Base { get; }

    /// <summary>The base of the layers with a window, where it is another; else null.</summary>
    public double? WindowedBase { get; }

    /// <summary>Which part of each head is rotated, or null.</summary>
    public double? PartialFactor { get; }

    /// <summary>Reads a configuration.</summary>
    public static RopeParameters Of(ModelConfig config) => new(config);

    /// <summary>A number of the scaling, or null.</summary>
    public double? Number(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) ? number : null;

    /// <summary>An array of numbers of the scaling, or null.</summary>
    public float[]? Numbers(string name) => Find(name) is { ValueKind: JsonValueKind.Array } values
        ? [.. values.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetDouble(out double number) ? (float)number : float.NaN)]
        : null;

    /// <summary>A value of the scaling, or null.</summary>
    public JsonElement? Find(string name) =>
        full is { } scaling && scaling.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string? Text(string name) => Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()!.ToLowerInvariant() : null;
}
