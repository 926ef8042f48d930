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
/// <c>p × LinearScale × Base^(−2i/Dimensions) / factor_i</c>.
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

    /// <summary>The file has one divisor a pair (<c>rope_freqs.weight</c>).</summary>
    public bool FrequencyFactors { get; init; }
}
