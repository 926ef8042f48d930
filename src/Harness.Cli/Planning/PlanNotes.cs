using System.Globalization;
using Harness.Matrix;

namespace Harness.Cli.Planning;

/// <summary>What trying a cell would do besides: install a backend, download weights.</summary>
internal static class PlanNotes
{
    /// <summary>The package that would be installed for a cell, or null.</summary>
    public static BackendPackage? Installs(PlannedCell planned, EnvironmentFacts facts) =>
        planned.Blocked is null && !planned.Build.IsBuiltIn && !facts.InstalledBackends.Contains(planned.Build.Id)
            ? planned.Build.FindPackage(facts.Platform, planned.Cell.Hardware)
            : null;

    /// <summary>In words: why a cell is blocked, or what trying it fetches.</summary>
    public static string Of(PlannedCell planned, EnvironmentFacts facts)
    {
        if (planned.Blocked is { } blocked) return blocked.ToString();
        List<string> notes = [];
        if (Installs(planned, facts) is { } package) notes.Add($"installs {package.Name} {package.Version}");
        if (planned.Variant is { Origin: VariantOrigin.Hub, EstimatedFileBytes: { } bytes })
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"downloads about {bytes / (double)(1 << 30):0.0} GiB (an estimate) unless cached"));
        return string.Join(", ", notes);
    }

    /// <summary>In a few lines: what a run of the whole plan fetches.</summary>
    public static IEnumerable<string> Together(ChosenPlan chosen)
    {
        string[] packages = chosen.Plan.Cells.Select(planned => Installs(planned, chosen.Facts)).OfType<BackendPackage>()
            .Select(package => $"{package.Name} {package.Version}").Distinct().ToArray();
        if (packages.Length > 0) yield return "A run installs " + string.Join(", ", packages) + ".";

        Variant[] files = chosen.Plan.Cells.Where(planned => planned.Blocked is null).Select(planned => planned.Variant)
            .Where(variant => variant is { Origin: VariantOrigin.Hub, EstimatedFileBytes: not null }).Distinct().ToArray();
        double total = files.Sum(variant => (double)variant.EstimatedFileBytes!.Value) / (1 << 30);
        if (files.Length > 0)
            yield return string.Create(CultureInfo.InvariantCulture, $"Unless cached, it downloads {files.Length} model{(files.Length == 1 ? "" : "s")}, about {total:0.0} GiB (an estimate).");
    }
}
