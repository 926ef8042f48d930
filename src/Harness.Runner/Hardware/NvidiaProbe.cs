using System.Runtime.InteropServices;
using System.Text;

namespace Harness.Runner.Hardware;

/// <summary>NVIDIA GPUs through NVML, the library that comes with the driver (NVML API reference).</summary>
internal static unsafe class NvidiaProbe
{
    private const int Success = 0;
    private const int TextLength = 96;

    /// <summary>The GPUs; none without a driver.</summary>
    public static IReadOnlyList<GpuInfo> Look()
    {
        if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1", out nint library))
            return [];
        try
        {
            return Look(library);
        }
        catch (EntryPointNotFoundException)
        {
            return [];
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private static IReadOnlyList<GpuInfo> Look(nint library)
    {
        var init = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "nvmlInit_v2");
        var shutdown = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "nvmlShutdown");
        var count = (delegate* unmanaged<uint*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetCount_v2");
        var handle = (delegate* unmanaged<uint, nint*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetHandleByIndex_v2");
        var name = (delegate* unmanaged<nint, byte*, uint, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetName");
        var memory = (delegate* unmanaged<nint, ulong*, int>)NativeLibrary.GetExport(library, "nvmlDeviceGetMemoryInfo");
        var driver = (delegate* unmanaged<byte*, uint, int>)NativeLibrary.GetExport(library, "nvmlSystemGetDriverVersion");
        if (init() != Success)
            return [];
        try
        {
            byte* text = stackalloc byte[TextLength];
            // nvmlMemory_t: total, free, used, each 64 bits.
            ulong* bytes = stackalloc ulong[3];
            string? version = driver(text, TextLength) == Success ? Text(text) : null;
            var found = new List<GpuInfo>();
            uint devices = 0;
            if (count(&devices) != Success)
                return [];
            for (uint i = 0; i < devices; i++)
            {
                nint device;
                if (handle(i, &device) != Success)
                    continue;
                found.Add(new GpuInfo(
                    "cuda",
                    name(device, text, TextLength) == Success ? Text(text) : "NVIDIA GPU",
                    memory(device, bytes) == Success ? (long)bytes[0] : null,
                    version));
            }

            return found;
        }
        finally
        {
            shutdown();
        }
    }

    private static string Text(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)).Trim();
}
