namespace Harness.Matrix;

/// <summary>What the command line chooses of a matrix. Lists are globs; null means what the profile says.</summary>
public sealed record Selection
{
    /// <summary>The profile.</summary>
    public string Profile { get; init; } = "default";

    /// <summary>Models, of the whole catalogue.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Quantizations.</summary>
    public IReadOnlyList<string>? Quants { get; init; }

    /// <summary>Backends. Unversioned: every version the profile lists or that is installed.</summary>
    public IReadOnlyList<string>? Backends { get; init; }

    /// <summary>Hardware APIs.</summary>
    public IReadOnlyList<string>? Hardware { get; init; }

    /// <summary>The part of the plan to take; null for all of it.</summary>
    public Shard? Shard { get; init; }
}
