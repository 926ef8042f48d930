using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>A hardware API that can be asked for.</summary>
/// <param name="Api"><c>cpu</c>, <c>cuda</c>, <c>vulkan</c>, <c>metal</c> or <c>webgpu</c>.</param>
/// <param name="Name">As a person writes it: <c>CUDA</c>.</param>
/// <param name="WhenAbsent">What to do when no such device is seen, in words.</param>
public sealed record HardwareEntry(string Api, string Name, string? WhenAbsent)
{
    internal static readonly string[] KnownApis = ["cpu", "cuda", "vulkan", "metal", "webgpu"];

    internal static void ReadFile(YamlNode root, DiagnosticBag bag, Action<HardwareEntry, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        foreach (FieldReader reader in file.Maps("hardware", required: true))
        {
            string? api = reader.Choice("api", KnownApis, null);
            HardwareEntry entry = new(api ?? "", reader.RequiredText("name", "CUDA"), reader.Text("when-absent"));
            reader.Finish();
            if (api is not null) add(entry, reader.Mark);
        }

        file.Finish();
    }
}
