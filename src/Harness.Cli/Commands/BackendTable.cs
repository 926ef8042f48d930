using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Harness.Cli.Commands;

/// <summary>Prints backends, for people and as JSON.</summary>
internal static partial class BackendTable
{
    /// <summary>A table, and below it how to get what is not there.</summary>
    public static void Show(IReadOnlyList<BackendLine> lines)
    {
        Grid grid = new();
        for (int column = 0; column < 4; column++)
            grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2));
        grid.AddRow("Backend", "State", "From", "Digest");
        foreach (BackendLine line in lines)
        {
            grid.AddRow(
                new Spectre.Console.Text(line.Backend), new Spectre.Console.Text(line.State),
                new Spectre.Console.Text(line.From ?? "–"), new Spectre.Console.Text(line.Digest is { } digest ? digest[..8] : "–"));
        }

        AnsiConsole.Write(grid);
        foreach (BackendLine line in lines.Where(line => line.Directory is not null))
            Console.Out.WriteLine($"{line.Backend} lies in {line.Directory}");
        foreach (BackendLine line in lines.Where(line => line.HowTo is not null))
            Console.Out.WriteLine($"for {line.Backend}: {line.HowTo}");
    }

    /// <summary>What was installed.</summary>
    public static void ShowInstalled(BackendLine line)
    {
        Console.Out.WriteLine($"{line.Backend} is installed");
        Row("from", line.From);
        Row("upstream", line.Upstream);
        foreach (string integrity in line.Integrity ?? [])
            Row("integrity", integrity);
        Row("digest", line.Digest);
        Row("where", line.Directory);
        Row("since", line.Installed?.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));

        static void Row(string name, string? value)
        {
            if (value is not null)
                Console.Out.WriteLine($"  {name,-10} {value}");
        }
    }

    /// <summary>A JSON array.</summary>
    public static void WriteJson(IReadOnlyList<BackendLine> lines) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(lines, Lines.IReadOnlyListBackendLine));

    /// <summary>A JSON object.</summary>
    public static void WriteJson(BackendLine line) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(line, Lines.BackendLine));

    private static BackendJson Lines => new(new JsonSerializerOptions(BackendJson.Default.Options)
    {
        // npm's integrity is base64, whose plus signs are meant to be read.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(IReadOnlyList<BackendLine>))]
    private sealed partial class BackendJson : JsonSerializerContext;
}
