namespace Harness.Workers.Backends;

/// <summary>A backend in the store.</summary>
/// <param name="Engine">As <c>llama.cpp</c>.</param>
/// <param name="Build">As <c>v0.5.0</c>.</param>
/// <param name="Directory">Full path of its libraries.</param>
/// <param name="Provenance">Where it came from.</param>
public sealed record InstalledBackend(string Engine, string Build, string Directory, BackendProvenance Provenance)
{
    /// <summary>The backend as it is written: <c>llama.cpp@v0.5.0</c>.</summary>
    public string Id => $"{Engine}@{Build}";
}
