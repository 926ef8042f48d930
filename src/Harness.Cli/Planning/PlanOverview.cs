using System.Globalization;
using System.Text.Json;
using Harness.Matrix;

namespace Harness.Cli.Planning;

/// <summary>A large plan: a row a model, and one for many models of a family of which the same is planned.</summary>
internal static class PlanOverview
{
    /// <summary>So many cells can be read one by one.</summary>
    public const int Readable = 120;

    /// <summary>More models than this, planned alike, share a row.</summary>
    private const int Apart = 6;

    private sealed record Row(string Family, string Model, string Quants, string Backends, string Plan)
    {
        public (string, string, string, string) Alike => (Family, Quants, Backends, Plan);
    }

    /// <summary>Writes the rows.</summary>
    public static void Write(ChosenPlan chosen)
    {
        Row[] rows = [.. chosen.Plan.Cells.GroupBy(planned => planned.Cell.Model, StringComparer.Ordinal).Select(cells => Of([.. cells]))];
        ILookup<(string, string, string, string), Row> alike = rows.ToLookup(row => row.Alike);
        TextTable table = new(new("Model", Shrinks: true), new("Quant", Shrinks: true), new("Backend", Shrinks: true), new("Plan"));
        foreach (Row row in rows)
        {
            Row[] same = [.. alike[row.Alike]];
            if (same.Length <= Apart) table.Add(row.Model, row.Quants, row.Backends, row.Plan);
            else if (ReferenceEquals(same[0], row))
                table.Add(string.Create(CultureInfo.InvariantCulture, $"{row.Model} … {same[^1].Model} ({same.Length})"), row.Quants, row.Backends, row.Plan);
        }

        table.Write();
        Console.Out.WriteLine();
    }

    private static Row Of(PlannedCell[] cells)
    {
        string[] quants = [.. cells.Select(planned => planned.Cell.Quant).Distinct()];
        string[] engines = [.. cells.Select(planned => planned.Cell.Backend).Distinct().GroupBy(id => id.Engine, StringComparer.Ordinal)
            .Select(builds => builds.Count() == 1 ? builds.First().ToString() : string.Create(CultureInfo.InvariantCulture, $"{builds.Key} ({builds.Count()} builds)"))];
        string[] hardware = [.. cells.Select(planned => planned.Cell.Hardware).Distinct()];
        string where = hardware is ["cpu"] ? "" : " on " + string.Join(", ", hardware);
        return new(
            cells[0].Variant.Model.Family,
            cells[0].Cell.Model,
            quants.Length <= 4 ? string.Join(' ', quants) : string.Create(CultureInfo.InvariantCulture, $"{quants.Length} quantizations"),
            string.Join(", ", engines) + where,
            Words(cells));
    }

    private static string Words(PlannedCell[] cells)
    {
        List<string> parts = [];
        int toTry = cells.Count(planned => planned.Blocked is null);
        if (toTry > 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{toTry} to try"));
        foreach (IGrouping<BlockedKind, PlannedCell> blocked in cells.Where(planned => planned.Blocked is not null).GroupBy(planned => planned.Blocked!.Kind))
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{blocked.Count()} blocked ({Word(blocked.Key)})"));
        return string.Join(", ", parts);
    }

    private static string Word(BlockedKind kind) => JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString()).Replace('-', ' ');
}
