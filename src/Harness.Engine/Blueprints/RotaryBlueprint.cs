using System.Collections.Immutable;
using System.Globalization;

namespace Harness.Engine.Blueprints;

/// <summary>Which values of a head form the pairs that are rotated.</summary>
public enum RotaryKind
{
    /// <summary>Neighbours: 2i and 2i + 1 (Su et al., 2021; what GGUF's llama weights are permuted for).</summary>
    Norm,

    /// <summary>Halves: i and i + dimensions/2 (GPT-NeoX).</summary>
    NeoX,
}

/// <summary>
/// Rotary position embedding: pair i at position p turns by
/// <c>p × LinearScale × Base^(−2i/Dimensions) / factor_i</c>, unless <see cref="Yarn"/> mixes scaled and unscaled.
/// </summary>
public sealed record RotaryBlueprint
{
    /// <summary>The pairs.</summary>
    public required RotaryKind Kind { get; init; }

    /// <summary>How many leading values of a head are rotated; even.</summary>
    public required int Dimensions { get; init; }

    /// <summary>The base of the frequencies.</summary>
    public required float Base { get; init; }

    /// <summary>Positions are multiplied by this: 1 over the scaling factor, 1 for none.</summary>
    public float LinearScale { get; init; } = 1;

    /// <summary>Rotated values are multiplied by this.</summary>
    public float Magnitude { get; init; } = 1;

    /// <summary>YaRN's mix of scaled and unscaled frequencies.</summary>
    public YarnScaling? Yarn { get; init; }

    /// <summary>The tensor with one divisor a pair: <c>rope_freqs.weight</c>.</summary>
    public string? FactorsTensor { get; init; }

    /// <summary>The tensor used instead in contexts longer than <see cref="OriginalContext"/> (LongRoPE).</summary>
    public string? LongFactorsTensor { get; init; }

    /// <summary>Positions before scaling.</summary>
    public int OriginalContext { get; init; }

    /// <summary>
    /// Pairs of each section of a multi-axis position (time, height, width, extra). In text the first three are the token's
    /// position and the fourth is 0; empty for one axis.
    /// </summary>
    public ImmutableArray<int> Sections { get; init; } = [];

    /// <summary>
    /// The pairs of the first three sections alternate: every third belongs to the same one as long as its count lasts, and
    /// what is left over to the fourth. Else the sections follow one another.
    /// </summary>
    public bool InterleavedSections { get; init; }

    internal string KindName => (Sections.IsEmpty ? "rope-" : InterleavedSections ? "interleaved-mrope-" : "mrope-") + (Kind == RotaryKind.Norm ? "norm" : "neox");

    internal void Describe(FeatureList features)
    {
        features.Add("rope-dimensions", Dimensions);
        features.Add("rope-base", Base);
        var parts = new List<string>();
        if (Yarn is not null)
            parts.Add("yarn ×" + Text(1 / LinearScale));
        else if (LinearScale != 1)
            parts.Add("linear ×" + Text(1 / LinearScale));
        if (LongFactorsTensor is not null)
            parts.Add("longrope");
        else if (FactorsTensor is not null)
            parts.Add("frequency factors");
        if (Magnitude != 1)
            parts.Add("magnitude " + Text(Magnitude));
        features.Add("rope-scaling", parts.Count == 0 ? "none" : string.Join(", ", parts));
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>
/// YaRN (Peng et al., 2023): dimensions that turn more than <see cref="BetaFast"/> times within the original context keep
/// their frequency, those that turn less than <see cref="BetaSlow"/> times are scaled, and between the two it is mixed.
/// </summary>
/// <param name="ExtensionFactor">Weight of the unscaled frequencies: 1 for YaRN as published.</param>
/// <param name="BetaFast">Turns.</param>
/// <param name="BetaSlow">Turns.</param>
public sealed record YarnScaling(float ExtensionFactor, float BetaFast, float BetaSlow);
