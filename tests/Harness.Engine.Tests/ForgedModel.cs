using Harness.Formats.Forging;

namespace Harness.Engine.Tests;

/// <summary>A probe model of the forge in a folder of its own.</summary>
internal sealed class ForgedModel : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("harness-engine-");

    public ForgedModel(string architecture, string quantization, string? variant = null)
    {
        Path = System.IO.Path.Combine(folder.FullName, "model.gguf");
        ProbeForge.Write(architecture, quantization, seed: 1, Path, variant);
    }

    public string Path { get; }

    public void Dispose() => folder.Delete(recursive: true);
}
