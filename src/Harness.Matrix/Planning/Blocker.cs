using System.Globalization;

namespace Harness.Matrix;

/// <summary>Says why a cell cannot be tried here, and what to do. The first reason that cannot be helped by another comes first.</summary>
internal sealed class Blocker(EnvironmentFacts environment, Catalogue catalogue)
{
    private readonly HashSet<BackendId> _installed = [.. environment.InstalledBackends];

    private readonly Dictionary<(BackendId, string), Blocked?> _ofBackend = [];

    /// <summary>What stands in the way of a backend on some hardware, whatever the model; worked out once for each pair.</summary>
    public Blocked? OfBackend(BackendBuild build, string hardware)
    {
        (BackendId, string) key = (build.Id, hardware);
        if (!_ofBackend.TryGetValue(key, out Blocked? blocked))
            _ofBackend.Add(key, blocked = Hardware(build, hardware) ?? Backend(build, hardware));
        return blocked;
    }

    /// <summary>What stands in the way of a variant's files, whatever the backend.</summary>
    public Blocked? OfFiles(Variant variant, RunOptions options) => Files(variant) ?? Size(variant, options);

    /// <summary>Says that a quantization cannot be had, or nothing.</summary>
    public static Blocked? OfQuant(Variant variant)
    {
        if (variant.Source is not null) return null;
        ModelEntry model = variant.Model;
        string there = string.Join(", ", model.Quants.Select(source => source.Quantization.Name));
        string who = model.Origin == VariantOrigin.Hub ? $"{model.Repository} does not publish {variant.Quant}" : $"{model.Id} is not made at {variant.Quant}";
        return new(BlockedKind.QuantNotPublished, who, $"choose among {there}");
    }

    private Blocked? Hardware(BackendBuild build, string hardware)
    {
        if (!build.Hardware.Contains(hardware))
            return new(BlockedKind.HardwareNotDriven, $"{build.Id} does not drive {hardware}", $"it drives {string.Join(", ", build.Hardware)}");
        if (environment.Has(hardware)) return null;
        HardwareEntry? entry = catalogue.Hardware.FirstOrDefault(other => other.Api == hardware);
        return new(BlockedKind.HardwareAbsent, $"no {entry?.Name ?? hardware} device seen", entry?.WhenAbsent ?? "check its driver with 'harness hardware'");
    }

    private Blocked? Backend(BackendBuild build, string hardware)
    {
        if (_installed.Contains(build.Id)) return null;
        if (build.IsBuiltIn)
        {
            return build.Platforms.Contains(environment.Platform)
                ? null
                : new(BlockedKind.PlatformNotSupported, $"{build.Id} does not run on {environment.Platform}", $"it runs on {string.Join(", ", build.Platforms)}");
        }

        if (build.FindPackage(environment.Platform, hardware) is not { } package)
        {
            string where = build.Platforms.Count == 0 ? "" : $"it is published for {string.Join(", ", build.Platforms)}; ";
            return new(BlockedKind.PlatformNotSupported, $"{build.Id} is not published for {environment.Platform} with {hardware}", where + "give libraries of your own with --llama-cpp DIR");
        }

        string command = $"run 'harness backends install {build.Id}'";
        if (environment.Offline)
            return new(BlockedKind.BackendNotInstalled, $"{build.Id} is not installed and --offline forbids to fetch it", command + " while online");
        if (package.Registry == "npm" && !environment.NpmPresent)
            return new(BlockedKind.BackendNotInstalled, $"{build.Id} is not installed and npm, which fetches it, is not on the PATH", $"install Node.js, then {command}");
        return null;
    }

    private Blocked? Files(Variant variant)
    {
        Variant fetched = variant.Parent ?? variant;
        if (!environment.Offline || fetched.Origin != VariantOrigin.Hub || environment.CachedVariants is not { } cached || cached.Contains(fetched.Id)) return null;
        return new(BlockedKind.FilesNotCached, $"{fetched.Id} is not in the HuggingFace cache and --offline forbids to fetch it", $"run 'harness models download {fetched.Model.Repository} --quant {fetched.Quant}' while online");
    }

    private Blocked? Size(Variant variant, RunOptions options)
    {
        if (variant.EstimatedFileBytes is not { } file || variant.Model.Shape is not { } shape) return null;
        long peak = MemoryEstimate.PeakBytes(file, shape, options.ContextLength);
        if (options.MemoryLimitBytes is { } limit && peak > limit)
            return new(BlockedKind.TooLargeForMemory, $"estimated to need {Wording.Bytes(peak)} of memory, and memory-limit is {Wording.Bytes(limit)}", "raise memory-limit in the matrix, or choose a smaller quantization");
        if ((environment.AvailableMemoryBytes ?? environment.TotalMemoryBytes) is { } memory && peak > memory)
            return new(BlockedKind.TooLargeForMemory, $"estimated to need {Wording.Bytes(peak)} of memory, {Wording.Bytes(memory)} can be used", "close other programs, or choose a smaller quantization");

        bool here = environment.CachedVariants?.Contains(variant.Id) ?? false;
        long disk = (variant.Origin == VariantOrigin.Hub && !here ? file : 0) + (variant.Origin == VariantOrigin.Quantized ? file + (variant.Parent?.EstimatedFileBytes ?? 0) : 0);
        if (environment.FreeDiskBytes is { } free && disk > free)
            return new(BlockedKind.TooLargeForDisk, string.Create(CultureInfo.InvariantCulture, $"estimated to need {Wording.Bytes(disk)} of disk, {Wording.Bytes(free)} are free"), "free some, or set HF_HOME to a larger disk");
        return null;
    }
}
