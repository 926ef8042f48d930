using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Workers.Memory;

/// <summary>
/// What llama.cpp takes as the harness runs it. Held to v0.5.0 by measurement; what is copied here are not its sources but
/// the sizes of the buffers that it logs.
/// </summary>
/// <param name="dimensions">The model's lengths.</param>
/// <param name="headers">The headers of all its files.</param>
internal sealed class LlamaCppMemory(ModelDimensions dimensions, IReadOnlyList<GgufHeader> headers)
{
    /// <summary>A worker that has loaded nothing large: runtime and llama.cpp's libraries. Measured.</summary>
    private const long ProcessBytes = 91L << 20;

    /// <summary>A token of the vocabulary, in llama.cpp's tables. Measured.</summary>
    private const long TokenBytes = 210;

    private const string Cpu = "cpu", Gpu = "gpu";

    private readonly GgufTensor[] tensors = [.. headers.SelectMany(h => h.Tensors)];

    /// <summary>Predicts.</summary>
    /// <param name="request">How it is run.</param>
    public MemoryPrediction Predict(MemoryRequest request)
    {
        int offloaded = Math.Clamp(request.GpuLayers, 0, dimensions.Layers.Count + 1), first = FirstOnGpu(offloaded);
        var cells = new LlamaCppCells(request);
        (double onCpu, double onGpu) = Weights(first, offloaded);
        (double cacheOnCpu, double cacheOnGpu) = Split(first, offloaded, i => dimensions.Layers[i] is { } a ? cells.Bytes(a) : 0);
        (double stateOnCpu, double stateOnGpu) = Split(first, offloaded, i => dimensions.StateBytes[i]);
        bool whole = offloaded > dimensions.Layers.Count;

        // Flash attention is left to llama.cpp on a GPU, where it takes it; quantized values need it anywhere.
        double attended = LlamaCppCompute.Bytes(dimensions, cells, flash: request.Cache == CacheFormat.Q8_0);
        double flash = LlamaCppCompute.Bytes(dimensions, cells, flash: true);
        return MemoryPrediction.Make(
            "llama.cpp",
            request.ContextLength,
            new MemoryPart(Cpu, MemoryKind.Weights, Memory.Bytes.Of(onCpu)),
            new MemoryPart(Cpu, MemoryKind.RepackedWeights, Memory.Bytes.Of(tensors.Where(t => IsRepacked(t) && !OnGpu(t, first, offloaded)).Sum(t => (double)t.ByteLength))),
            new MemoryPart(Cpu, MemoryKind.Cache, Memory.Bytes.Of(cacheOnCpu)),
            new MemoryPart(Cpu, MemoryKind.State, Memory.Bytes.Of(stateOnCpu)),
            new MemoryPart(Cpu, MemoryKind.Compute, Memory.Bytes.Of(whole ? LlamaCppCompute.HostBytes(dimensions, cells) : attended)),
            new MemoryPart(Cpu, MemoryKind.Process, Memory.Bytes.Of(ProcessBytes + (TokenBytes * dimensions.Vocabulary))),
            new MemoryPart(Gpu, MemoryKind.Weights, Memory.Bytes.Of(onGpu)),
            new MemoryPart(Gpu, MemoryKind.Cache, Memory.Bytes.Of(cacheOnGpu)),
            new MemoryPart(Gpu, MemoryKind.State, Memory.Bytes.Of(stateOnGpu)),
            new MemoryPart(Gpu, MemoryKind.Compute, Memory.Bytes.Of(offloaded > 0 ? flash : 0)));
    }

    /// <summary>
    /// Types that v0.5.0 copies into rows of eight on processors with AVX2; the file's own pages stay mapped beside them. What
    /// is not a matrix that activations are multiplied with stays as it is.
    /// </summary>
    public static bool IsRepacked(GgufTensor tensor) =>
        tensor.Type is TensorType.Q4_0 or TensorType.Q4_K or TensorType.IQ4_NL
        && tensor.Shape.Length >= 2 && tensor.Shape[1] % 8 == 0 && tensor.RowCount > 1
        && tensor.Name.EndsWith(".weight", StringComparison.Ordinal)
        && tensor.Name is not ("token_embd.weight" or "per_layer_token_embd.weight" or "position_embd.weight");

    // The last layers go first, the output head last of all.
    private int FirstOnGpu(int offloaded) => Math.Max(0, dimensions.Layers.Count - offloaded);

    private bool OnGpu(GgufTensor tensor, int first, int offloaded)
    {
        if (offloaded == 0) return false;
        if (LayerOf(tensor.Name) is int layer) return layer >= first;
        return offloaded > dimensions.Layers.Count && tensor.Name.StartsWith("output", StringComparison.Ordinal);
    }

    private (double Cpu, double Gpu) Weights(int first, int offloaded)
    {
        double onGpu = tensors.Where(t => OnGpu(t, first, offloaded)).Sum(t => (double)t.ByteLength);

        // A tied output head is a second copy of the embedding once it is on a GPU.
        bool tied = !Array.Exists(tensors, t => t.Name == "output.weight");
        if (tied && offloaded > dimensions.Layers.Count)
            onGpu += tensors.Where(t => t.Name == "token_embd.weight").Sum(t => (double)t.ByteLength);
        return (tensors.Where(t => !OnGpu(t, first, offloaded)).Sum(t => (double)t.ByteLength), onGpu);
    }

    private (double Cpu, double Gpu) Split(int first, int offloaded, Func<int, double> bytes)
    {
        double cpu = 0, gpu = 0;
        for (int i = 0; i < dimensions.Layers.Count; i++)
        {
            if (offloaded > 0 && i >= first) gpu += bytes(i);
            else cpu += bytes(i);
        }

        return (cpu, gpu);
    }

    private static int? LayerOf(string name)
    {
        const string Prefix = "blk.";
        if (!name.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        int end = name.IndexOf('.', Prefix.Length);
        return end > 0 && int.TryParse(name.AsSpan(Prefix.Length, end - Prefix.Length), out int layer) ? layer : null;
    }
}
