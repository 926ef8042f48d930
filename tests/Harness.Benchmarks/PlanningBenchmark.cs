using System.Text;
using Harness.Matrix;

namespace Harness.Benchmarks;

/// <summary>Planning 100,000 cells, which is to take under a second.</summary>
public static class PlanningBenchmark
{
    /// <summary>How it is called.</summary>
    public const string Name = "plan";

    private const int Models = 500;

    private static readonly string[] Quants = ["F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K", "Q5_K_M", "Q4_K", "Q4_K_M", "Q4_0"];

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        string root = Directory.CreateTempSubdirectory("harness-benchmark-").FullName;
        try
        {
            Write(root);
            LoadedMatrix matrix = LoadedMatrix.Load(Path.Combine(root, "matrix.yaml"));
            EnvironmentFacts facts = new("linux-x64", [new("cuda", "a device")]) { NpmPresent = true, AvailableMemoryBytes = 8L << 30, FreeDiskBytes = 64L << 30 };
            Plan plan = Plan.Create(matrix.Catalogue, matrix.File, new(), facts);
            table.Line("cells (to try)", $"{plan.Cells.Count} ({plan.ToTry})");
            table.Time($"read {Models} models", () => LoadedMatrix.Load(Path.Combine(root, "matrix.yaml")), runs: 3);
            TimeSpan least = table.Time("plan all", () => Plan.Create(matrix.Catalogue, matrix.File, new(), facts));
            table.Time("plan part 3/7", () => Plan.Create(matrix.Catalogue, matrix.File, new() { Shard = new(3, 7) }, facts));
            table.Line("under a second", least < TimeSpan.FromSeconds(1) ? "yes" : "NO");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>500 models × 10 quantizations × 5 builds × 4 kinds of hardware.</summary>
    private static void Write(string root)
    {
        File(root, "matrix.yaml", "profiles:\n  default: { models: ['*'], quants: ['*'], backends: [llama.cpp], hardware: ['*'] }\n");
        StringBuilder models = new("family: many\narchitecture: llama\nmodels:\n");
        for (int i = 0; i < Models; i++)
        {
            models.Append($"  - id: model-{i:000}\n    repository: owner/model-{i:000}\n    shape: {{ layers: 24, embedding-length: 896, heads: 14, kv-heads: 2, feed-forward-length: 4864, vocabulary-size: 151936, context-length: 32768 }}\n    quants:\n");
            foreach (string quant in Quants) models.Append($"      {quant}: model-{i:000}.{quant}.gguf\n");
        }

        File(root, "matrix/models/many.yaml", models.ToString());
        StringBuilder backend = new("engine: llama.cpp\nhardware: [cpu, cuda, vulkan, metal]\ndistributions:\n  - { id: node-llama-cpp, registry: npm, hardware: [cpu, cuda, vulkan], packages: { linux-x64: some-package } }\nbuilds:\n");
        for (int i = 0; i < 5; i++) backend.Append($"  - {{ version: b{4000 + i}, releases: {{ node-llama-cpp: 3.{i}.0 }} }}\n");
        File(root, "matrix/backends/llama.cpp.yaml", backend.ToString());
        File(root, "matrix/prompts/all.yaml", "prompts:\n  - { id: sum, text: '1+1=', max-tokens: 3, models: ['*'], expect: [contains: '2'] }\n");
        File(root, "matrix/hardware/apis.yaml", "hardware:\n  - { api: cpu, name: CPU }\n  - { api: cuda, name: CUDA }\n  - { api: vulkan, name: Vulkan }\n  - { api: metal, name: Metal }\n");
        File(root, "matrix/expectations.yaml", "works:\n  - { models: ['model-0*'], quants: ['Q*'], hardware: [cpu] }\n  - { models: ['model-1*'], except: [{ quants: [Q4_0] }] }\n");
    }

    private static void File(string root, string name, string text)
    {
        string path = Path.Combine([root, .. name.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
    }
}
