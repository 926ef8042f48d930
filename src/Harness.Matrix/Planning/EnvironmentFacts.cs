namespace Harness.Matrix;

/// <summary>What the machine has, as far as a plan depends on it. Detected elsewhere; a plan asks nothing of the machine.</summary>
/// <param name="Platform">Operating system and processor, as .NET names them: <c>linux-x64</c>.</param>
/// <param name="Devices">Devices seen. The CPU need not be listed: it is always there.</param>
public sealed record EnvironmentFacts(string Platform, IReadOnlyList<DeviceFact> Devices)
{
    /// <summary>Logical processors, at least 1.</summary>
    public int Cores { get; init; } = 1;

    /// <summary>Memory of the machine (or of the container, when that is less); null when unknown.</summary>
    public long? TotalMemoryBytes { get; init; }

    /// <summary>Memory that could be used now; null when unknown.</summary>
    public long? AvailableMemoryBytes { get; init; }

    /// <summary>Free space where models are kept; null when unknown.</summary>
    public long? FreeDiskBytes { get; init; }

    /// <summary>Builds that are installed.</summary>
    public IReadOnlyList<BackendId> InstalledBackends { get; init; } = [];

    /// <summary>Whether nothing may be fetched.</summary>
    public bool Offline { get; init; }

    /// <summary>Whether npm is there to install with.</summary>
    public bool NpmPresent { get; init; }

    /// <summary>Variants (<see cref="Variant.Id"/>) whose files are already here; null when nobody looked.</summary>
    public IReadOnlySet<string>? CachedVariants { get; init; }

    /// <summary>Whether a device of an API is there.</summary>
    /// <param name="api">As <c>cpu</c>.</param>
    public bool Has(string api) => api == "cpu" || Devices.Any(device => device.Api == api);
}

/// <summary>A device that was seen.</summary>
/// <param name="Api">API it is driven by: <c>cuda</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">Its memory, or null.</param>
public sealed record DeviceFact(string Api, string Name, long? MemoryBytes = null);
