using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Receipts.Verdicts;
using Harness.Runner.Cells;
using Harness.Runner.Hardware;
using Harness.Workers;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>A catalogue and an output folder of its own, and a runner over them in this process.</summary>
internal sealed class ScratchRun : IDisposable
{
    public const string Repo = "harness-tests/remote-GGUF";

    public const string RemoteFile = "remote.gguf";

    private const string MatrixText = """
        options: { context-length: 256, load-timeout: 4s, generate-timeout: 4s, silence-timeout: 6s, memory-limit: 300MiB }
        profiles:
          default:
            models: [probe]
            quants: [Q8_0, Q4_K_M]
            backends: [builtin, llama.cpp]
            hardware: [cpu]
        """;

    private readonly WorkerLauncher _launcher = new();

    public ScratchRun()
    {
        Folder = Directory.CreateTempSubdirectory("harness-runner-").FullName;
        Write("matrix.yaml", MatrixText);
        Write("matrix/models/probe.yaml", "family: probe\narchitecture: llama\nmodels:\n  - { id: probe, origin: forged, seed: 1, quants: [Q8_0, Q4_K_M] }\n");
        Write("matrix/models/remote.yaml", $$"""
            family: remote
            architecture: llama
            models:
              - id: remote
                repository: {{Repo}}
                shape: { layers: 1, embedding-length: 64, heads: 2, kv-heads: 1, feed-forward-length: 64, vocabulary-size: 64, context-length: 256 }
                quants: { Q8_0: {{RemoteFile}} }
            """);
        Write("matrix/backends/builtin.yaml", $"engine: builtin\nhardware: [cpu]\nplatforms: [{HardwareProbe.Platform()}]\n");
        Write("matrix/backends/llama.cpp.yaml", $$"""
            engine: llama.cpp
            hardware: [cpu]
            distributions:
              - { id: some, registry: npm, hardware: [cpu], packages: { {{HardwareProbe.Platform()}}: some-package } }
            builds:
              - { version: b1, releases: { some: 1.0.0 } }
              - { version: b2, releases: { some: 2.0.0 } }
            """);
        Write("matrix/prompts/all.yaml", "prompts:\n  - { id: a-prompt, text: Hello, max-tokens: 4, models: [\"*\"] }\n");
        Write("matrix/hardware/apis.yaml", "hardware:\n  - { api: cpu, name: CPU }\n");
    }

    public string Folder { get; }

    public string Output => Path.Combine(Folder, "out");

    public string Catalogue => Path.Combine(Folder, "matrix");

    public LoadedMatrix Matrix => LoadedMatrix.Load(Path.Combine(Folder, "matrix.yaml"));

    public HubOptions HubOptions { get; set; } = new() { CacheDirectory = "", Offline = true };

    public RunnerSettings Settings(long? memory = null, bool resume = false) => new()
    {
        RunId = "test",
        Executable = "harness",
        Home = Path.Combine(Folder, "home"),
        CatalogueDirectory = Catalogue,
        Machine = new MachineFacts("an OS", "x64", "a processor", 2, 1L << 30, "a runtime", "0"),
        Redactor = new Redactor([], [], []),
        Profile = "default",
        Command = "harness run",
        Resume = resume,
        Threads = 1,
        AvailableMemoryBytes = memory,
    };

    public Plan Plan(Selection? selection = null) => Harness.Matrix.Plan.Create(
        Matrix.Catalogue, Matrix.File, selection ?? new Selection(),
        new EnvironmentFacts(HardwareProbe.Platform(), []) { NpmPresent = true });

    /// <summary>Runs a plan and tells each cell's verdict, in the order of the receipts.</summary>
    public async Task<IReadOnlyList<(Receipt Receipt, Verdict Verdict)>> RunAsync(
        IBackendSource backends, Selection? selection = null, long? memory = null, bool resume = false, CancellationToken cancellation = default)
    {
        using ReceiptStore store = ReceiptStore.Open(Output);
        using var hub = new HubClient(HubOptions with { CacheDirectory = Path.Combine(Folder, "hf") });
        var runner = new MatrixRunner(Settings(memory, resume), hub, _launcher, store, backends, IRunProgress.None);
        await runner.RunAsync(Plan(selection), cancellation);
        return [.. store.Receipts.Select(r => (r, runner.VerdictOf(r)))];
    }

    public void Write(string name, string text)
    {
        string path = Path.Combine([Folder, .. name.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    public void Dispose()
    {
        _launcher.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Workers that are dummies: well-behaved by default, otherwise where a test says.</summary>
internal sealed class DummyBackends(Func<PlannedCell, string[]?> behaviour) : IBackendSource
{
    private static readonly string Executable = Path.Combine(
        TestContext.CurrentContext.TestDirectory, OperatingSystem.IsWindows() ? "dummies.exe" : "dummies");

    public DummyBackends()
        : this(_ => null)
    {
    }

    /// <summary>Cells that a worker was wanted for.</summary>
    public List<string> Asked { get; } = [];

    public Task<(BackendAtHand? Backend, string? Reason)> FindAsync(PlannedCell cell, CancellationToken cancellation)
    {
        Asked.Add(cell.Cell.ToString());
        var command = new WorkerCommand(Executable, behaviour(cell) ?? ["scripted"]);
        return Task.FromResult<(BackendAtHand?, string?)>((new BackendAtHand(cell.Build.Id.ToString(), command, "00", null, null), null));
    }
}
