using System.Text.Json;
using Harness.Receipts.Store;
using Harness.Workers.Backends;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>
/// A place of its own for a test's runs: home, hub cache and output folders, removed at the end. Nothing outside the
/// machine is reached from it: its hub is an address that answers nobody, until a test names another.
/// </summary>
internal sealed class Bench : IDisposable
{
    private const string Nobody = "http://127.0.0.1:9";

    public Bench()
    {
        Folder = Directory.CreateTempSubdirectory("harness-e2e-").FullName;
        Home = In("home");
        Environment = new Dictionary<string, string?>
        {
            [HarnessHome.Variable] = Home,
            ["HF_HOME"] = In("hf"),
            ["HF_ENDPOINT"] = Nobody,
            ["NO_COLOR"] = "1",
            ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
            ["DOTNET_TieredPGO"] = "0",
        };
    }

    /// <summary>
    /// A home that outlives the test run, so that llama.cpp builds are installed once: <c>HARNESS_TEST_HOME</c>, or a
    /// folder of the system's temporary one.
    /// </summary>
    public static string SharedHome { get; } = System.Environment.GetEnvironmentVariable("HARNESS_TEST_HOME") is { Length: > 0 } named
        ? named
        : Path.Combine(Path.GetTempPath(), "harness-test-home");

    /// <summary>Libraries of a llama.cpp build that is installed already; null otherwise.</summary>
    public static string? LlamaCpp(string build = "v0.5.0") => new BackendStore(SharedHome).Find($"llama.cpp@{build}")?.Directory;

    public string Folder { get; }

    public string Home { get; private set; }

    public Dictionary<string, string?> Environment { get; }

    public string In(params string[] names) => Path.Combine([Folder, .. names]);

    /// <summary>Runs in the home that outlives the tests.</summary>
    public Bench WithSharedHome()
    {
        Home = SharedHome;
        Environment[HarnessHome.Variable] = SharedHome;
        return this;
    }

    public RunningProgram Start(params string[] arguments)
    {
        Assert.That(File.Exists(Repository.Harness), $"{Repository.Harness} is built with the tests");
        return RunningProgram.TryStart(Repository.Harness, arguments, Environment)!;
    }

    public async Task<ProgramEnd> RunAsync(params string[] arguments)
    {
        using RunningProgram program = Start(arguments);
        return await program.WaitAsync();
    }

    /// <summary>Runs <c>harness run --json --out OUT …</c>.</summary>
    public async Task<RunResult> TryCellsAsync(string output, params string[] arguments)
    {
        ProgramEnd end = await RunAsync(["run", "--json", "--out", In(output), .. arguments]);
        return RunResult.Of(end, In(output));
    }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>What <c>harness run --json</c> printed and left.</summary>
internal sealed record RunResult(ProgramEnd End, IReadOnlyList<JsonCell> Cells, string Report, ReceiptSet Receipts)
{
    public static RunResult Of(ProgramEnd end, string output)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(end.Output);
        }
        catch (JsonException)
        {
            Assert.Fail($"exit status {end.Status}, no JSON on stdout but: {end.Output}\nstderr: {end.Errors}");
            throw;
        }

        using (document)
        {
            return new RunResult(
                end,
                [.. document.RootElement.GetProperty("cells").EnumerateArray().Select(JsonCell.Of)],
                document.RootElement.GetProperty("report").GetString()!,
                ReceiptStore.Read(output));
        }
    }

    public JsonCell Only => Cells.Single();
}

/// <summary>One object of the array <c>cells</c>.</summary>
internal sealed record JsonCell(
    string Model, string Quant, string Backend, string Hardware, string? Evidence, string Verdict, string Stage, string Reason, string Command)
{
    public static JsonCell Of(JsonElement e)
    {
        return new(
            Text("model")!, Text("quant")!, Text("backend")!, Text("hardware")!, Text("evidence"), Text("verdict")!, Text("stage")!,
            Text("reason")!, Text("command")!);

        string? Text(string name) => e.GetProperty(name).GetString();
    }

    public Harness.Receipts.Cell Coordinates => new(Model, Quant, Backend, Hardware);
}
