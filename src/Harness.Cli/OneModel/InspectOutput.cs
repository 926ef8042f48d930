using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Harness.Runner.Inspection;
using Spectre.Console;

namespace Harness.Cli.OneModel;

/// <summary>Prints what <c>harness inspect</c> found.</summary>
internal static partial class InspectOutput
{
    /// <summary>One JSON object.</summary>
    public static void PrintJson(InspectedModel model, HeaderListing listing) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(Json.Of(model, listing), InspectJson.Default.Json));

    /// <summary>For people: what it is, what it takes, whether it runs, what is wrong.</summary>
    public static void Print(InspectedModel model, HeaderListing listing)
    {
        IAnsiConsole console = Terminal.Output();
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        void Row(string name, string value) => grid.AddRow(new Spectre.Console.Text(name), new Spectre.Console.Text(value));

        Row("model", model.Name is { } name ? $"{model.Model} ({name})" : model.Model);
        foreach (InspectedFile file in model.Files)
            Row(file == model.Files[0] ? "files" : "", $"{file.Name}, {Size(file.Bytes)}, header {Size(file.HeaderBytes)}");
        if (model.Container != "GGUF") Row("container", model.Container);
        Row("architecture", model.Architecture.Length > 0 ? model.Architecture : "none named");
        Row("parameters", model.ActiveParameters < model.Parameters ? $"{Count(model.Parameters)}, {Count(model.ActiveParameters)} active for a token" : Count(model.Parameters));
        Row("weights", $"{Size(model.Bytes)}{(model.Mixture is { } mixture ? $", {mixture}" : "")}, {Bits(model)} bits a weight");
        foreach (TensorTypeTotal type in model.TensorTypes)
        {
            Row("", string.Create(
                CultureInfo.InvariantCulture, $"{type.Type,-8} {type.Tensors,5} tensors  {Count(type.Parameters),9}  {Size(type.Bytes),9}"));
        }

        if (model.ContextLength is { } context) Row("context", context.ToString("N0", CultureInfo.InvariantCulture));
        foreach (MemoryAtContext memory in model.Memory)
        {
            Row(memory == model.Memory[0] ? "memory" : "", string.Create(
                CultureInfo.InvariantCulture, $"{Size(memory.Bytes)} at {memory.ContextLength:N0} positions ({Size(memory.StateBytes)} of keys, values and states in F16), estimated"));
        }

        PrintTokenizer(model, Row);
        Row("template", model.Template switch
        {
            null => "none",
            { Fault: { } fault } => $"cannot be used: {fault}",
            { } template => string.Create(
                CultureInfo.InvariantCulture,
                $"{template.Length:N0} characters; system role: {template.System}; tools: {template.Tools}; thinking switch: {(template.ThinkingSwitch ? "yes" : "no")}")
                + (template.EndOfTurn is { } end ? $"; a turn ends with {end}" : "") + (template.Bos == "both" ? "; BOS comes twice where nobody takes care" : ""),
        });
        if (model.Features.Count > 0)
            Row("features", string.Join("; ", model.Features.Where(f => f.Key is not ("architecture" or "vocabulary" or "context")).Select(f => $"{f.Key} {f.Value}")));
        console.Write(grid);

        PrintBackends(console, model);
        foreach (HeaderProblem problem in model.Problems)
        {
            console.WriteLine();
            console.MarkupLineInterpolated($"[yellow]{problem.Kind}[/]: {problem.Message}");
            console.WriteLine($"  {problem.Remedy}");
        }

        PrintListing(console, listing);
    }

    /// <summary>What each backend would make of it; builds that say the same stand together.</summary>
    private static void PrintBackends(IAnsiConsole console, InspectedModel model)
    {
        console.WriteLine();
        console.MarkupLine("[bold]by the header alone[/]");
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(2).PadRight(2)).AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach (HeaderVerdict backend in model.Backends)
            grid.AddRow(new Spectre.Console.Text(backend.Backend), new Spectre.Console.Text(backend.Verdict), new Spectre.Console.Text(backend.Reason ?? Seen(backend)));
        console.Write(grid);
    }

    private static string Seen(HeaderVerdict verdict) => verdict.Checks.Count == 0 ? "" : "known: " + string.Join(", ", verdict.Checks
        .GroupBy(c => c.What).Select(g => g.Key switch { "tensors" => "all its tensors", "tensor type" when g.Count() > 1 => "tensor types", _ => g.Key }));

    private static void PrintListing(IAnsiConsole console, HeaderListing listing)
    {
        if (listing.WithMetadata)
        {
            console.WriteLine();
            foreach ((string key, string value) in listing.MetadataLines()) console.WriteLine($"{key} = {value}");
        }

        if (!listing.WithTensors) return;
        console.WriteLine();
        var table = new Table { Border = TableBorder.Minimal }.AddColumn("tensor").AddColumn("type").AddColumn("shape").AddColumn(new TableColumn("bytes").RightAligned());
        foreach ((string name, string type, IReadOnlyList<long> shape, _, _, long bytes) in listing.Tensors())
            table.AddRow(new Spectre.Console.Text(name), new Spectre.Console.Text(type), new Spectre.Console.Text(string.Join(" × ", shape)), new Spectre.Console.Text(bytes.ToString("N0", CultureInfo.InvariantCulture)));
        console.Write(table);
    }

    private static void PrintTokenizer(InspectedModel model, Action<string, string> row)
    {
        if (model.Tokenizer is not { } tokenizer)
        {
            row("tokenizer", "none");
            return;
        }

        row("tokenizer", string.Create(
            CultureInfo.InvariantCulture, $"{tokenizer.Model}{(tokenizer.Pre is { } pre ? $", {pre}" : "")}, {tokenizer.Tokens:N0} tokens"));
        if (tokenizer.Special.Count > 0)
            row("", string.Join(", ", tokenizer.Special.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Role} {t.Id} {t.Text ?? "?"}"))));
        if (tokenizer.Unsupported is null)
        {
            row("", string.Create(
                CultureInfo.InvariantCulture,
                $"ends an answer: {(tokenizer.EndOfGeneration.Count == 0 ? "nothing" : string.Join(", ", tokenizer.EndOfGeneration))}; {(tokenizer.AddsBos == true ? "adds BOS" : "adds no BOS")}"));
        }
    }

    private static string Bits(InspectedModel model) =>
        (model.Parameters == 0 ? 0 : model.Bytes * 8.0 / model.Parameters).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Count(long values) => values switch
    {
        >= 1_000_000_000 => (values / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " B",
        >= 1_000_000 => (values / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " M",
        _ => values.ToString("N0", CultureInfo.InvariantCulture),
    };

    private static string Size(long bytes) => bytes switch
    {
        >= 1_000_000_000 => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000 => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " MB",
        _ => (bytes / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " kB",
    };

    /// <summary>The JSON's shape: names that do not change when the code's do.</summary>
    internal sealed record Json(
        string Model, string? Name, string Container, string Architecture, long Parameters, long ActiveParameters, long Bytes, string? Mixture,
        IReadOnlyList<TensorTypeTotal> TensorTypes, IReadOnlyDictionary<string, string> Features, InspectedTokenizer? Tokenizer,
        InspectedTemplate? Template, long? ContextLength, IReadOnlyList<MemoryAtContext> Memory, IReadOnlyList<InspectedFile> Files,
        IReadOnlyList<HeaderVerdict> Backends, IReadOnlyList<HeaderProblem> Problems,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonObject? Metadata,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonArray? Tensors)
    {
        public static Json Of(InspectedModel m, HeaderListing listing) => new(
            m.Model, m.Name, m.Container, m.Architecture, m.Parameters, m.ActiveParameters, m.Bytes, m.Mixture, m.TensorTypes,
            m.Features.ToDictionary(f => f.Key, f => f.Value), m.Tokenizer, m.Template, m.ContextLength, m.Memory, m.Files, m.Backends, m.Problems,
            listing.MetadataJson(), listing.TensorsJson());
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(Json))]
    private sealed partial class InspectJson : JsonSerializerContext;
}
