namespace Harness.Engine.Blueprints;

/// <summary>
/// Chooses the positions that attention sees (DeepSeek-V3.2's lightning indexer): a position's score is
/// <c>Σ_h w_h × max(0, q_h · k)</c> over small heads of their own, and the best so many are seen.
/// </summary>
public sealed record IndexerBlueprint
{
    /// <summary>Heads of its queries; all share one key.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Width of a query and of the key, of which the first values are rotated, or the last.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Positions that are seen.</summary>
    public required int Top { get; init; }

    /// <summary>The rotation.</summary>
    public required RotaryBlueprint Rotary { get; init; }

    /// <summary>The last values of a query and of the key are rotated, not the first.</summary>
    public bool RotatesEnd { get; init; }

    /// <summary>ε of the layer norm of keys.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>The layer has no indexer of its own and sees the positions that the last layer with one chose.</summary>
    public bool Shared { get; init; }

    internal void Describe(FeatureList features)
    {
        features.Add("attention-positions", $"best {Top.ToString(System.Globalization.CultureInfo.InvariantCulture)} by indexer");
        features.AddUnless(!Shared, "indexer", "shared by layers");
    }
}
