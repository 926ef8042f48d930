using System.Text.RegularExpressions;

namespace Harness.Workers.LlamaCpp;

/// <summary>The devices ggml's loaded back ends offer, and which of them a load really used.</summary>
internal sealed unsafe partial class GgmlDevices
{
    private readonly delegate* unmanaged<nuint> _count;
    private readonly delegate* unmanaged<nuint, nint> _get;
    private readonly delegate* unmanaged<nint, byte*> _name;
    private readonly delegate* unmanaged<nint, byte*> _description;
    private readonly delegate* unmanaged<nint, nuint*, nuint*, void> _memory;
    private readonly delegate* unmanaged<nint, nint> _registry;
    private readonly delegate* unmanaged<nint, byte*> _registryName;

    /// <summary>Binds the device functions; a build that hides one of them shows no devices.</summary>
    public GgmlDevices(LlamaLibraries libraries)
    {
        _count = (delegate* unmanaged<nuint>)libraries.Export("ggml_backend_dev_count");
        _get = (delegate* unmanaged<nuint, nint>)libraries.Export("ggml_backend_dev_get");
        _name = (delegate* unmanaged<nint, byte*>)libraries.Export("ggml_backend_dev_name");
        _description = (delegate* unmanaged<nint, byte*>)libraries.Export("ggml_backend_dev_description");
        _memory = (delegate* unmanaged<nint, nuint*, nuint*, void>)libraries.Export("ggml_backend_dev_memory");
        _registry = (delegate* unmanaged<nint, nint>)libraries.Export("ggml_backend_dev_backend_reg");
        _registryName = (delegate* unmanaged<nint, byte*>)libraries.Export("ggml_backend_reg_name");
    }

    /// <summary>One device.</summary>
    /// <param name="Handle"><c>ggml_backend_dev_t</c>.</param>
    /// <param name="Key">ggml's short name, as <c>CPU</c> or <c>Vulkan0</c>; buffers are named after it.</param>
    /// <param name="Device">The device, as receipts name it.</param>
    public sealed record Entry(nint Handle, string Key, BackendDevice Device);

    /// <summary>The devices there are now; back ends must have been loaded.</summary>
    public IReadOnlyList<Entry> List()
    {
        if (_count is null || _get is null || _name is null)
            return [];
        var entries = new List<Entry>();
        for (nuint i = 0; i < _count(); i++)
        {
            nint handle = _get(i);
            string key = NativeText.Read(_name(handle));
            string description = _description is null ? "" : NativeText.Read(_description(handle)).Trim();
            // The registry tells the interface; the device type's numbers changed meaning between releases.
            string interfaceName = _registry is null || _registryName is null
                ? key
                : NativeText.Read(_registryName(_registry(handle)));
            nuint free = 0, total = 0;
            if (_memory is not null)
                _memory(handle, &free, &total);
            entries.Add(new Entry(handle, key, new BackendDevice(
                Api(interfaceName), description.Length > 0 ? description : key, total > 0 ? (long)total : null)));
        }

        return entries;
    }

    /// <summary>
    /// Which devices hold weights or KV cache, by the buffers llama.cpp logged ("… Vulkan0 model buffer size = …").
    /// </summary>
    public static IReadOnlyList<BackendDevice> Used(IReadOnlyList<Entry> devices, IEnumerable<string> log)
    {
        var buffers = new HashSet<string>(StringComparer.Ordinal);
        foreach (string line in log)
        {
            Match match = BufferLine().Match(line);
            if (match.Success)
                buffers.Add(match.Groups["name"].Value);
        }

        // "CPU", "CPU_Mapped", "CPU_REPACK", "CPU_AARCH64" are the CPU's; "Vulkan_Host" is memory of the host.
        BackendDevice[] used = [.. devices
            .Where(device => buffers.Any(buffer => buffer == device.Key
                || buffer.StartsWith(device.Key + "_", StringComparison.Ordinal)))
            .Select(device => device.Device)];
        return used.Length > 0 ? used : [.. devices.Where(device => device.Device.Api == "cpu").Select(device => device.Device)];
    }

    private static string Api(string registry) => registry.ToLowerInvariant() switch
    {
        "cpu" => "cpu",
        "metal" or "mtl" => "metal",
        string name => name,
    };

    [GeneratedRegex(@"(^|\s)(?<name>[A-Za-z0-9_]+) (model|KV|RS) buffer size\s*=", RegexOptions.CultureInvariant)]
    private static partial Regex BufferLine();
}
