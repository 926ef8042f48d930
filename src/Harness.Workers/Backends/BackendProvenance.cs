using System.Text.Json;
using System.Text.Json.Serialization;

namespace Harness.Workers.Backends;

/// <summary>Where an installed backend came from: <c>backend.json</c> beside its libraries.</summary>
/// <param name="SchemaVersion">1.</param>
/// <param name="Engine">As <c>llama.cpp</c>.</param>
/// <param name="Build">As <c>v0.5.0</c>.</param>
/// <param name="Packages">The packages, in the order they were laid over one another.</param>
/// <param name="Upstream">What the packager says it built, or null.</param>
/// <param name="Digest">sha256 (hex) over all libraries here: see <see cref="LibraryDigest"/>.</param>
/// <param name="Libraries">Each library.</param>
/// <param name="Installed">When it was installed, UTC.</param>
public sealed record BackendProvenance(
    int SchemaVersion,
    string Engine,
    string Build,
    IReadOnlyList<InstalledPackage> Packages,
    PackagedBuild? Upstream,
    string Digest,
    IReadOnlyList<InstalledLibrary> Libraries,
    DateTimeOffset Installed)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "backend.json";

    /// <summary>Reads the record of a directory.</summary>
    /// <param name="directory">A directory of libraries.</param>
    /// <returns>The record, or null when there is none that can be read.</returns>
    public static BackendProvenance? TryRead(string directory)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(directory, FileName));
            BackendProvenance? read = JsonSerializer.Deserialize(file, BackendJson.Default.BackendProvenance);
            return read is { SchemaVersion: 1, Engine: not null, Build: not null, Packages: not null, Digest: not null, Libraries: not null }
                ? read
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    internal void Write(string directory)
    {
        using FileStream file = File.Create(Path.Combine(directory, FileName));
        JsonSerializer.Serialize(file, this, BackendJson.Default.BackendProvenance);
        file.Flush(flushToDisk: true);
    }
}

/// <summary>A package as it was fetched.</summary>
/// <param name="Source">Kind of registry: <c>npm</c>.</param>
/// <param name="Name">The package's name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Integrity">The integrity npm gave, which the bytes were checked against.</param>
public sealed record InstalledPackage(string Source, string Name, string Version, string Integrity);

/// <summary>A library as it was installed.</summary>
/// <param name="Name">Its file name, below the backend's directory.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">sha256, hex.</param>
public sealed record InstalledLibrary(string Name, long Bytes, string Sha256);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BackendProvenance))]
internal sealed partial class BackendJson : JsonSerializerContext;
