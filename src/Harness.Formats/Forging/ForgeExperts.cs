namespace Harness.Formats.Forging;

/// <summary>How many experts a model to be forged has, and how they are chosen.</summary>
public sealed record ForgeExperts
{
    /// <summary>Experts of a layer.</summary>
    public required int Count { get; init; }

    /// <summary>Experts a token goes to; of each group used, equally many.</summary>
    public required int Used { get; init; }

    /// <summary>An expert's inner width.</summary>
    public required int Length { get; init; }

    /// <summary>Inner width of the shared expert; 0 for none.</summary>
    public int SharedLength { get; init; }

    /// <summary>Groups the experts lie in.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Groups a token may choose experts from.</summary>
    public int GroupsUsed { get; init; } = 1;
}
