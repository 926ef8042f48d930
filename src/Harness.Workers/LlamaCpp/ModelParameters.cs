namespace Harness.Workers.LlamaCpp;

/// <summary>The few fields of <c>llama_model_params</c> that are set, at the offsets a release's own defaults prove.</summary>
/// <remarks>
/// Seen in the public header's history and in the default values of b4600, b5640, b7347, b8390 and v0.5.0:
/// <list type="bullet">
/// <item>byte 0: <c>ggml_backend_dev_t * devices</c>, in all of them; default null, "all available". A list that
/// holds only its terminator offloads to nothing (it is what <c>--device none</c> of llama.cpp's own programs does).</item>
/// <item>then, since April 2025 (b5028), <c>tensor_buft_overrides</c>, a pointer, default null;</item>
/// <item>then <c>int32 n_gpu_layers</c> (default 0, 999 or −1) and <c>int32 split_mode</c> (default 1, by layer):
/// bytes 8 and 12 in b4600, 16 and 20 from b5640 to v0.5.0. The 1 tells the two layouts apart.</item>
/// </list>
/// </remarks>
internal static class ModelParameters
{
    private const int Devices = 0;
    private const int SplitByLayer = 1;

    /// <summary>The byte of <c>n_gpu_layers</c> in these untouched defaults, or null when they show neither layout.</summary>
    public static int? GpuLayersOffset(in ParameterBlob defaults)
    {
        if (defaults.Pointer(Devices) != 0)
            return null;
        foreach (int offset in (ReadOnlySpan<int>)[8, 16])
        {
            if (defaults.Int32(offset + 4) == SplitByLayer && defaults.Int32(offset) is 0 or -1 or 999)
                return offset;
        }

        return null;
    }

    /// <summary>Offloads to these devices, all layers; to none, everything stays on the CPU.</summary>
    /// <param name="parameters">Untouched defaults.</param>
    /// <param name="devices">A null-terminated list that outlives the load.</param>
    /// <param name="any">Whether the list names a device.</param>
    public static unsafe void Offload(ref ParameterBlob parameters, nint* devices, bool any)
    {
        int? layers = GpuLayersOffset(parameters);
        if (parameters.Pointer(Devices) == 0)
            parameters.SetPointer(Devices, (nint)devices);
        if (layers is int offset)
            parameters.SetInt32(offset, any ? 999 : 0);
    }
}
