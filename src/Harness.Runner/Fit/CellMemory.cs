using System.Globalization;
using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>What cells of a run take.</summary>
internal static class CellMemory
{
    /// <summary>The machine's own memory, in predictions.</summary>
    public const string Cpu = "cpu";

    private const string Builtin = "builtin";

    /// <summary>The prediction for a cell; null where the engine does not run the model.</summary>
    public static MemoryPrediction? Of(ModelMemory memory, Matrix.Cell cell, Receipts.RunOptions options) => Of(
        memory, cell.Backend.Engine, new MemoryRequest(options.ContextLength) { Threads = options.Threads, GpuLayers = cell.Hardware == Cpu ? 0 : memory.Layers + 1 });

    /// <summary>The least that any of some engines takes; null where none runs the model.</summary>
    public static MemoryPrediction? Least(ModelMemory memory, IEnumerable<string> engines, int contextLength) =>
        engines.Select(e => Of(memory, e, new MemoryRequest(contextLength))).Where(p => p is not null).MinBy(p => p!.On(Cpu));

    /// <summary>That it does not fit, with the numbers.</summary>
    public static string Words(MemoryPrediction prediction, long available)
    {
        long On(params ReadOnlySpan<MemoryKind> kinds)
        {
            long bytes = 0;
            foreach (MemoryPart part in prediction.Parts)
            {
                if (part.Device == Cpu && kinds.Contains(part.Kind)) bytes += part.Bytes;
            }

            return bytes;
        }

        long repacked = On(MemoryKind.RepackedWeights);
        string copies = repacked > 0 ? $", {Megabytes(repacked)} weights repacked" : "";
        return $"estimated to need {Megabytes(prediction.On(Cpu))} on {prediction.Backend} ({Megabytes(On(MemoryKind.Weights))} weights{copies}, "
            + $"{Megabytes(On(MemoryKind.Cache, MemoryKind.State))} KV cache, {Megabytes(On(MemoryKind.Compute))} compute, {Megabytes(On(MemoryKind.Process))} process), {Megabytes(available)} can be used";
    }

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");

    // What is neither engine of ours wraps llama.cpp.
    private static MemoryPrediction? Of(ModelMemory memory, string engine, MemoryRequest request) =>
        engine == Builtin ? memory.Builtin(request) : memory.LlamaCpp(request);
}
