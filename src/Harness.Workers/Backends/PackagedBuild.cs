using System.Text.Json;

namespace Harness.Workers.Backends;

/// <summary>What a node-llama-cpp package says of the llama.cpp it carries (<c>_nlcBuildMetadata.json</c>).</summary>
/// <param name="Repository">The repository built from.</param>
/// <param name="Release">The release built, as <c>b8390</c>.</param>
/// <param name="Platform">Platform, architecture and GPU interface, as <c>linux x64 cpu</c>.</param>
public sealed record PackagedBuild(string? Repository, string Release, string? Platform)
{
    internal const string FileName = "_nlcBuildMetadata.json";

    /// <summary>Reads the file of a directory.</summary>
    /// <param name="directory">A directory of libraries.</param>
    /// <returns>What it says, or null when it is absent or says no release.</returns>
    public static PackagedBuild? TryRead(string directory)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, FileName)));
            JsonElement options = document.RootElement.GetProperty("buildOptions");
            JsonElement source = options.GetProperty("llamaCpp");
            string? release = Text(source, "release");
            string?[] platform = [Text(options, "platform"), Text(options, "arch"), Text(options, "gpu") ?? "cpu"];
            return string.IsNullOrEmpty(release)
                ? null
                : new PackagedBuild(Text(source, "repo"), release, string.Join(' ', platform.Where(part => part is not null)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
