using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Receipts.Comparisons;
using Harness.Runner.OneModel;

namespace Harness.Cli.OneModel;

/// <summary>Prints how two sets of logits compare.</summary>
internal static class ComparisonOutput
{
    /// <summary>For people: the answer first, then what it rests on.</summary>
    public static void Print(ComparedLogits compared)
    {
        LogitsDifference d = compared.Difference;
        Console.Out.WriteLine(compared.Agrees ? "agree" : $"differ: {Reason(compared)}");
        if (compared is { Judged: { } judged, Reference: { } reference })
        {
            Row("judged", Name(judged));
            Row("reference", Name(reference));
        }

        Row("tokens", string.Create(CultureInfo.InvariantCulture, $"{d.Positions}"));
        Row("NMSE", $"{Number(d.Nmse)} (limit {Number(compared.Limit)} for {compared.WeightType} weights)");
        Row("KL", $"mean {Number(d.MeanKl)} nats, largest {Number(d.LargestKl)}");
        Row("top-1", string.Create(CultureInfo.InvariantCulture, $"{d.TopAgree} of {d.TopCounted} where the reference is sure; near-ties, not counted: {d.Positions - d.TopCounted}"));
        Row("worst", string.Create(CultureInfo.InvariantCulture, $"position {d.WorstPosition}, NMSE {Number(d.WorstPositionNmse)}"));
        Row("largest", $"{Number(d.LargestDifference)} between two logits");
        if (d.NotFinite > 0) Row("not finite", string.Create(CultureInfo.InvariantCulture, $"{d.NotFinite} logits, on one side only or unlike"));
    }

    /// <summary>One JSON object.</summary>
    public static void PrintJson(ComparedLogits compared)
    {
        LogitsDifference d = compared.Difference;
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new ComparedJson(
                compared.Agrees, compared.Judged?.Backend, compared.Reference?.Backend, compared.Judged?.Ids,
                d.Positions, d.Nmse, compared.Limit, compared.WeightType, d.MeanKl, d.LargestKl, d.TopAgree, d.TopCounted,
                d.WorstPosition, d.WorstPositionNmse, d.LargestDifference, d.NotFinite),
            ComparedContext.Default.ComparedJson));
    }

    private static string Reason(ComparedLogits compared)
    {
        LogitsDifference d = compared.Difference;
        return d.NotFinite > 0 ? "not all logits are finite"
            : d.Nmse > compared.Limit ? "the error is beyond the limit"
            : "the likeliest token is another where the reference is sure";
    }

    private static string Name(ScoredModel scored) => string.Join(", ", new[]
    {
        scored.Backend.Contains('@', StringComparison.Ordinal) ? scored.Backend : $"{scored.Backend} {scored.Identity.Version}",
        scored.Identity.InstructionSet,
        string.Create(CultureInfo.InvariantCulture, $"{scored.Scoring.EvaluationTime.TotalMilliseconds:0.0} ms"),
    }.OfType<string>());

    private static string Number(double value) => value.ToString("0.###e+0", CultureInfo.InvariantCulture);

    private static void Row(string name, string value) => Console.Out.WriteLine($"  {name,-11}{value}");
}

internal sealed record ComparedJson(
    bool Agrees, string? Backend, string? Reference, IReadOnlyList<int>? Ids, int Positions, double Nmse, double Limit, string WeightType,
    double MeanKl, double LargestKl, int TopAgree, int TopCounted, int WorstPosition, double WorstPositionNmse, double LargestDifference, long NotFinite);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ComparedJson))]
internal sealed partial class ComparedContext : JsonSerializerContext;
