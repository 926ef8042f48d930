namespace Harness.Receipts.Comparisons;

/// <summary>
/// A derived record that relates two receipts of the same inputs on different backends. It names both and holds
/// neither's data.
/// </summary>
public sealed record Comparison
{
    /// <summary>The version of this layout.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>sha256 (hex) of the canonical JSON of everything else.</summary>
    public string Id { get; init; } = "";

    /// <summary>The layout's version.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>Id of the receipt that is judged.</summary>
    public required string Receipt { get; init; }

    /// <summary>Id of the receipt it is held against.</summary>
    public required string Reference { get; init; }

    /// <summary>Backend of the receipt.</summary>
    public required string Backend { get; init; }

    /// <summary>Backend of the reference.</summary>
    public required string ReferenceBackend { get; init; }

    /// <summary>
    /// Neither side is the run's reference: agreement of two engines still establishes something, disagreement
    /// between them does not say which is wrong.
    /// </summary>
    public bool Peers { get; init; }

    /// <summary>The inputs both saw.</summary>
    public required string InputsDigest { get; init; }

    /// <summary>The coarsest weight type of the files: it sets the tolerance.</summary>
    public required string WeightType { get; init; }

    /// <summary>How the logits compare, or null when one side has none.</summary>
    public LogitsDifference? Logits { get; init; }

    /// <summary>How the generations compare, one a prompt that both ran.</summary>
    public IReadOnlyList<GenerationDifference> Generations { get; init; } = [];

    /// <summary>Whether the engines are independent of each other (different engines, not two builds of one).</summary>
    public bool Independent => EngineOf(Backend) != EngineOf(ReferenceBackend);

    private static string EngineOf(string backend)
    {
        int at = backend.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? backend : backend[..at];
    }
}

/// <summary>How two sets of logits of the same ids differ.</summary>
/// <param name="Positions">Positions compared.</param>
/// <param name="Nmse">Normalised mean squared error over all positions: mse(a, b) / mse(a, 0), a the reference.</param>
/// <param name="WorstPosition">The position with the largest error of its own.</param>
/// <param name="WorstPositionNmse">That error.</param>
/// <param name="LargestDifference">The largest absolute difference of any logit.</param>
/// <param name="MeanKl">Mean Kullback–Leibler divergence of the softmax distributions, in nats, reference first.</param>
/// <param name="LargestKl">The largest of them.</param>
/// <param name="TopAgree">Positions with the same likeliest token, among those counted.</param>
/// <param name="TopCounted">
/// Positions counted: the reference's margin between first and second logit exceeds twice the largest difference.
/// </param>
/// <param name="NotFinite">Values that are NaN or infinite on either side.</param>
public sealed record LogitsDifference(
    int Positions,
    double Nmse,
    int WorstPosition,
    double WorstPositionNmse,
    double LargestDifference,
    double MeanKl,
    double LargestKl,
    int TopAgree,
    int TopCounted,
    long NotFinite)
{
    /// <summary>Whether the two agree: all finite, the error within the limit, no sure choice of a token changed.</summary>
    /// <param name="limit">The largest NMSE that counts as agreement.</param>
    public bool AgreesWithin(double limit) => NotFinite == 0 && Nmse <= limit && TopAgree == TopCounted;
}

/// <summary>How two greedy generations of one prompt differ.</summary>
/// <param name="Prompt">The prompt's id.</param>
/// <param name="SameIds">Ids that agree from the start.</param>
/// <param name="FirstDivergence">The first step at which they differ, or null.</param>
/// <param name="Margin">The reference's margin (nats) between its first and second token there, or null.</param>
/// <param name="Id">The receipt's id there, or null when it had stopped.</param>
/// <param name="ReferenceId">The reference's id there, or null when it had stopped.</param>
public sealed record GenerationDifference(
    string Prompt, int SameIds, int? FirstDivergence, double? Margin, int? Id, int? ReferenceId);
