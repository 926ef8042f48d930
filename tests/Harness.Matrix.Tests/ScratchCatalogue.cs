using System.Text;

namespace Harness.Matrix.Tests;

/// <summary>A small, good matrix with its catalogue in a directory of its own, to be spoiled by a test.</summary>
internal sealed class ScratchCatalogue : IDisposable
{
    private static readonly Dictionary<string, string> Good = new()
    {
        ["matrix.yaml"] = """
            profiles:
              default:
                models: [tiny]
                quants: [F16]
                backends: [builtin]
                hardware: [cpu]
            """,
        ["matrix/models/tiny.yaml"] = """
            family: tiny
            architecture: llama
            models:
              - id: tiny
                origin: forged
                quants: [F16, Q8_0]
            """,
        ["matrix/models/big.yaml"] = """
            family: big
            architecture: llama
            models:
              - id: big
                repository: owner/big-GGUF
                shape:
                  layers: 32
                  embedding-length: 4096
                  heads: 32
                  kv-heads: 8
                  feed-forward-length: 14336
                  vocabulary-size: 32000
                  context-length: 32768
                quants:
                  Q4_K_M: big.Q4_K_M.gguf
                  Q8_0: { file: "big.Q8_0*.gguf", unverified: true }
            """,
        ["matrix/backends/builtin.yaml"] = """
            engine: builtin
            hardware: [cpu]
            platforms: [linux-x64]
            """,
        ["matrix/backends/llama.cpp.yaml"] = """
            engine: llama.cpp
            hardware: [cpu]
            distributions:
              - id: node-llama-cpp
                registry: npm
                hardware: [cpu]
                packages: { linux-x64: "@node-llama-cpp/linux-x64" }
            builds:
              - { version: v0.5.0, releases: { node-llama-cpp: 3.22.1 } }
              - { version: b8390, releases: { node-llama-cpp: 3.18.1 } }
            """,
        ["matrix/prompts/all.yaml"] = """
            prompts:
              - id: sum
                text: "1+1="
                max-tokens: 3
                models: ["*"]
                expect:
                  - contains: "2"
            conversations:
              - id: greeting
                messages:
                  - user: Hello
                max-tokens: 4
                models: [tiny]
            """,
        ["matrix/hardware/apis.yaml"] = """
            hardware:
              - { api: cpu, name: CPU }
              - { api: cuda, name: CUDA, when-absent: install the driver }
            """,
        ["matrix/expectations.yaml"] = """
            works:
              - models: [tiny]
            """,
    };

    public ScratchCatalogue()
    {
        foreach ((string file, string text) in Good) Write(file, text);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("harness-matrix-").FullName;

    public string MatrixPath => Path.Combine(Root, "matrix.yaml");

    public static string TextOf(string file) => Good[file];

    public void Write(string file, string text) => Write(file, Encoding.UTF8.GetBytes(text));

    public void Write(string file, byte[] bytes)
    {
        string path = Path.Combine([Root, .. file.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    public LoadedMatrix Load() => LoadedMatrix.Load(MatrixPath);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
