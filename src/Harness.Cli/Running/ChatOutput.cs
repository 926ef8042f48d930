using System.Text.Json;
using System.Text.Json.Serialization;
using Harness.Reporting;
using Spectre.Console;

namespace Harness.Cli.Running;

/// <summary>What <c>harness report --page chat</c> prints: a table, or one JSON object.</summary>
internal static class ChatOutput
{
    public static void Print(ChatView view, string report, bool json)
    {
        if (json)
        {
            var page = new JsonChat(
                [.. view.Rows.Select(r => new JsonChatTemplate(
                    r.Family, r.Model, r.Template, r.System, r.Tools, r.Thinking, r.GenerationPrompt, r.EndOfTurn, r.Bos,
                    view.Backends.Zip(r.Checks).ToDictionary(p => p.First, p => p.Second)))],
                [.. view.Remarks.Select(r => new JsonChatRemark(r.Backend, r.Model, r.Quants, r.Word, r.Text))],
                report);
            Console.WriteLine(JsonSerializer.Serialize(page, ChatJson.Default.JsonChat));
            return;
        }

        IAnsiConsole console = Terminal.Output();
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["model", "system", "tools", "end of turn", "BOS", .. view.Backends]) table.AddColumn(column);
        foreach (ChatRow row in view.Rows)
            table.AddRow([.. new[] { row.Model, row.System, row.Tools, row.EndOfTurn, row.Bos }.Concat(row.Checks).Select(Markup.Escape)]);
        console.Write(table);
        // Never wrapped: it is to be copied.
        Console.WriteLine($"report: {report}");
    }
}

internal sealed record JsonChat(IReadOnlyList<JsonChatTemplate> Templates, IReadOnlyList<JsonChatRemark> Remarks, string Report);

internal sealed record JsonChatTemplate(
    string Family, string Model, string Template, string System, string Tools, string Thinking, string GenerationPrompt, string EndOfTurn, string Bos,
    IReadOnlyDictionary<string, string> Checks);

internal sealed record JsonChatRemark(string Backend, string Model, string Quants, string Outcome, string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonChat))]
internal sealed partial class ChatJson : JsonSerializerContext;
