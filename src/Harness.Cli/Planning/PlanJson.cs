using System.Text.Json;
using Harness.Matrix;

namespace Harness.Cli.Planning;

/// <summary>A plan as one JSON object.</summary>
internal static class PlanJson
{
    /// <summary>Writes it, and a line end.</summary>
    public static void Write(ChosenPlan chosen, Stream output)
    {
        Plan plan = chosen.Plan;
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("profile", plan.Profile);
            if (plan.Shard is { } shard) json.WriteString("shard", shard.ToString());
            json.WriteString("matrix", Path.GetFullPath(chosen.Matrix.File.Path));
            json.WriteString("platform", chosen.Facts.Platform);
            json.WriteBoolean("offline", chosen.Facts.Offline);
            json.WriteNumber("toTry", plan.ToTry);
            json.WriteNumber("blocked", plan.Cells.Count - plan.ToTry);
            json.WriteStartArray("cells");
            foreach (PlannedCell cell in plan.Cells) Cell(json, cell, chosen.Facts);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    private static void Cell(Utf8JsonWriter json, PlannedCell planned, EnvironmentFacts facts)
    {
        json.WriteStartObject();
        json.WriteString("model", planned.Cell.Model);
        json.WriteString("quant", planned.Cell.Quant);
        json.WriteString("backend", planned.Cell.Backend.ToString());
        json.WriteString("hardware", planned.Cell.Hardware);
        Variant(json, planned.Variant);
        json.WriteBoolean("expectedToWork", planned.Expectation is not null);
        json.WriteStartArray("prompts");
        foreach (PromptEntry prompt in planned.Prompts) json.WriteStringValue(prompt.Id);
        json.WriteEndArray();
        if (PlanNotes.Installs(planned, facts) is { } package) json.WriteString("installs", $"{package.Registry}:{package.Name}@{package.Version}");
        if (planned.Blocked is { } blocked)
        {
            json.WriteStartObject("blocked");
            json.WriteString("kind", JsonNamingPolicy.KebabCaseLower.ConvertName(blocked.Kind.ToString()));
            json.WriteString("reason", blocked.Reason);
            json.WriteString("remedy", blocked.Remedy);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("blocked");
        }

        json.WriteEndObject();
    }

    private static void Variant(Utf8JsonWriter json, Variant variant)
    {
        json.WriteStartObject("variant");
        json.WriteString("id", variant.Id);
        json.WriteString("origin", variant.Origin.ToString().ToLowerInvariant());
        if (variant.Model.Repository is { } repository)
        {
            json.WriteString("repository", repository);
            json.WriteString("revision", variant.Model.Revision);
        }

        if (variant.Source?.File is { } file) json.WriteString("file", file);
        if (variant.Parent is { } parent) json.WriteString("parent", parent.Id);
        if (variant.EstimatedFileBytes is { } bytes) json.WriteNumber("estimatedFileBytes", bytes);
        if (variant.Source?.Unverified ?? false) json.WriteBoolean("unverified", true);
        json.WriteEndObject();
    }
}
