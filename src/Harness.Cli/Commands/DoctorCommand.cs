using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Cli.Doctor;
using Harness.Hub;
using Harness.Workers.Backends;

namespace Harness.Cli.Commands;

/// <summary><c>harness doctor</c>: what is here, what is missing, and how to get it.</summary>
internal static partial class DoctorCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Prints one JSON object and nothing else." };
        var command = new Command(
            "doctor",
            """
            Says what is here, what is missing, and how to get it. Changes nothing, and asks no server.

            Each line begins with a word: ok; optional: not here, and not needed for the built-in engine; missing or
            wrong: the harness needs it.

            Examples:
              harness doctor
              harness doctor --json

            Exit status: 0 nothing the harness needs is missing or wrong; 1 something is.
            """)
        {
            json,
        };
        command.SetAction((parsed, _) => CommandErrors.GuardAsync(async () =>
        {
            IReadOnlyList<Finding> findings = await LookAsync().ConfigureAwait(false);
            bool ok = findings.All(finding => finding.Harmless);
            if (parsed.GetValue(json)) PrintJson(ok, findings);
            else Print(findings);
            return ok ? ExitStatus.Done : ExitStatus.Unexpected;
        }));
        return command;
    }

    private static async Task<IReadOnlyList<Finding>> LookAsync()
    {
        // The programs answer while the rest is looked at.
        Task<IReadOnlyList<Finding>> tools = ToolChecks.LookAsync();
        string home = HarnessHome.Locate();
        (HubOptions? hub, Finding hubFinding) = CatalogueChecks.Hub();
        List<Finding> findings =
        [
            .. MachineChecks.Look(),
            MachineChecks.Place("harness home", home, HarnessHome.Variable, required: true),
        ];
        if (hub is not null) findings.Add(MachineChecks.Place("hub cache", hub.CacheDirectory, "HF_HUB_CACHE", required: false));
        findings.Add(hubFinding);
        findings.AddRange(CatalogueChecks.Look(hub, home));
        findings.AddRange(await tools.ConfigureAwait(false));
        return findings;
    }

    private static void Print(IReadOnlyList<Finding> findings)
    {
        int width = findings.Max(finding => finding.Name.Length);
        foreach (Finding finding in findings)
            Console.Out.WriteLine($"{finding.Word,-8}  {finding.Name.PadRight(width)}  {finding.Said}{(finding.HowTo is { } howTo ? $" → {howTo}" : "")}");
        int bad = findings.Count(finding => !finding.Harmless);
        Console.Out.WriteLine(bad == 0 ? "Nothing the harness needs is missing." : bad == 1 ? "One thing the harness needs is missing or wrong." : $"{bad} things the harness needs are missing or wrong.");
    }

    private static void PrintJson(bool ok, IReadOnlyList<Finding> findings) => Console.Out.WriteLine(JsonSerializer.Serialize(
        new DoctorReport(ok, findings),
        new DoctorJson(new JsonSerializerOptions(DoctorJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).DoctorReport));

    internal sealed record DoctorReport(bool Ok, IReadOnlyList<Finding> Findings);

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(DoctorReport))]
    private sealed partial class DoctorJson : JsonSerializerContext;
}
