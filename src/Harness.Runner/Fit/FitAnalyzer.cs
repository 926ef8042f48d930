using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>Fits models into memory, from their headers alone.</summary>
public static class FitAnalyzer
{
    /// <summary>Positions looked at where nobody asks for others.</summary>
    public const int UsualContext = 4096;

    // llama.cpp rounds contexts up to it.
    private const int ContextStep = 256;

    private const string Cpu = "cpu", Gpu = "gpu";

    /// <summary>Fits a model.</summary>
    /// <param name="headers">The headers of its files.</param>
    /// <param name="quant">The quantization they have, by name.</param>
    /// <param name="source">Where the headers come from.</param>
    /// <param name="quants">Other quantizations to look at.</param>
    /// <param name="request">What it is to fit into.</param>
    /// <returns>How it fits.</returns>
    /// <exception cref="GgufException">The header lacks what every model has.</exception>
    public static ModelFit Fit(IReadOnlyList<GgufHeader> headers, string quant, SizeSource source, IEnumerable<string> quants, FitRequest request)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(quants);
        ArgumentNullException.ThrowIfNull(request);
        var memory = ModelMemory.Of(headers);
        int context = request.ContextLength ?? (memory.ContextLength > 0 ? Math.Min(UsualContext, memory.ContextLength) : UsualContext);
        var others = new List<QuantFit>();
        foreach (string other in quants.Where(q => !q.Equals(quant, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (QuantizedHeader.Of(headers, other) is { } header)
                others.Add(Of(ModelMemory.Of([header]), other, source == SizeSource.Header ? SizeSource.Mixture : source, context, request));
        }

        return new ModelFit(
            request, context, memory.ContextLength, headers.Sum(h => h.Tensors.Sum(t => t.ElementCount)),
            Of(memory, quant, source, context, request), [.. others.OrderByDescending(q => q.WeightBytes)], memory.Experts);
    }

    /// <summary>Fits one quantization.</summary>
    /// <param name="memory">The model.</param>
    /// <param name="quant">The quantization's name.</param>
    /// <param name="source">Where its size comes from.</param>
    /// <param name="context">Positions.</param>
    /// <param name="request">What it is to fit into.</param>
    /// <returns>How it fits.</returns>
    public static QuantFit Of(ModelMemory memory, string quant, SizeSource source, int context, FitRequest request)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(request);
        var asked = new MemoryRequest(context) { Cache = request.Cache, Batch = request.Batch };
        return new QuantFit(quant, source, memory.WeightBytes, [Builtin(memory, asked, request), LlamaCpp(memory, asked, request)]);
    }

    private static EngineFit Builtin(ModelMemory memory, MemoryRequest asked, FitRequest request)
    {
        if (memory.Unsupported is { } reason) return new EngineFit("builtin", null, false, 0, 0, reason);
        MemoryPrediction prediction = memory.Builtin(asked)!;
        return new EngineFit(
            "builtin", prediction, prediction.On(Cpu) <= request.Memory,
            LargestContext(memory, positions => memory.Builtin(asked with { ContextLength = positions })!.On(Cpu) <= request.Memory), 0, null);
    }

    private static EngineFit LlamaCpp(ModelMemory memory, MemoryRequest asked, FitRequest request)
    {
        int layers = GpuLayers(memory, asked, request);
        MemoryPrediction prediction = memory.LlamaCpp(asked with { GpuLayers = layers });
        return new EngineFit("llama.cpp", prediction, Fits(prediction), LargestContext(memory, positions =>
        {
            MemoryRequest longer = asked with { ContextLength = positions };
            return Fits(memory.LlamaCpp(longer with { GpuLayers = GpuLayers(memory, longer, request) }));
        }), layers, null);

        bool Fits(MemoryPrediction p) => p.On(Cpu) <= request.Memory && p.On(Gpu) <= request.GpuMemory;
    }

    /// <summary>As many layers as the GPU holds, and one more for the output head.</summary>
    private static int GpuLayers(ModelMemory memory, MemoryRequest asked, FitRequest request) => request.GpuMemory == 0
        ? 0
        : Largest(memory.Layers + 1, layers => memory.LlamaCpp(asked with { GpuLayers = layers }).On(Gpu) <= request.GpuMemory);

    /// <summary>The largest context that fits: what fits at one length fits at every shorter one.</summary>
    private static int LargestContext(ModelMemory memory, Func<int, bool> fits)
    {
        int longest = memory.ContextLength > 0 ? memory.ContextLength : 1 << 20;
        if (fits(longest)) return longest;
        return ContextStep * Largest(longest / ContextStep, steps => fits(ContextStep * steps));
    }

    /// <summary>The largest number from 0 that holds, where all smaller ones hold too.</summary>
    private static int Largest(int most, Func<int, bool> holds)
    {
        int low = 0, high = most;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (holds(middle)) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
