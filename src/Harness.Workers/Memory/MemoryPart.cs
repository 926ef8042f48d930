namespace Harness.Workers.Memory;

/// <summary>What memory is taken for.</summary>
public enum MemoryKind
{
    /// <summary>Weights as they lie in the file.</summary>
    Weights,

    /// <summary>A second copy of weights, in the form that kernels read fastest.</summary>
    RepackedWeights,

    /// <summary>Keys and values of all positions.</summary>
    Cache,

    /// <summary>Recurrent states, which do not grow with the context.</summary>
    State,

    /// <summary>Activations, scores and logits while tokens are evaluated.</summary>
    Compute,

    /// <summary>The process itself: code, runtime, tokenizer.</summary>
    Process,
}

/// <summary>A part of what a model takes.</summary>
/// <param name="Device">Where: <c>cpu</c> or <c>gpu</c>.</param>
/// <param name="Kind">What for.</param>
/// <param name="Bytes">How much.</param>
public sealed record MemoryPart(string Device, MemoryKind Kind, long Bytes);

/// <summary>Bytes that were computed in floating point: a header's numbers may be absurd, and are then too much, never too little.</summary>
internal static class Bytes
{
    private const double Most = 1L << 61;

    public static long Of(double bytes) => (long)Math.Clamp(bytes, 0, Most);
}

/// <summary>How keys and values are stored.</summary>
public enum CacheFormat
{
    /// <summary>Half precision: what both engines do by themselves.</summary>
    F16,

    /// <summary>Eight bits and a scale for each 32 values; llama.cpp needs flash attention for it.</summary>
    Q8_0,
}

/// <summary>The names of <see cref="CacheFormat"/>, as people and the worker protocol write them.</summary>
public static class CacheFormats
{
    /// <summary>The names there are.</summary>
    public static IReadOnlyList<string> Names { get; } = ["f16", "q8_0"];

    /// <summary>A format's name.</summary>
    public static string NameOf(CacheFormat format) => Names[(int)format];

    /// <summary>The format of a name, in any case; null where there is none.</summary>
    public static CacheFormat? Find(string name) => Names.Select((known, i) => (known, i)).FirstOrDefault(n => n.known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { known: not null } found
        ? (CacheFormat)found.i
        : null;
}

/// <summary>How a model is to be run.</summary>
/// <param name="ContextLength">Positions, at least 1.</param>
public sealed record MemoryRequest(int ContextLength)
{
    /// <summary>Threads that compute.</summary>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount);

    /// <summary>Most tokens that llama.cpp evaluates at once; the built-in engine has its own number.</summary>
    public int Batch { get; init; } = 512;

    /// <summary>How keys and values are stored.</summary>
    public CacheFormat Cache { get; init; }

    /// <summary>
    /// Layers on the GPU, counted from the last; one more than the model has puts the output head there too. Only
    /// llama.cpp computes there.
    /// </summary>
    public int GpuLayers { get; init; }

    /// <summary>Tokens evaluated so far, where that is known: rows of an embedding that were not asked for are not resident. Null for all.</summary>
    public int? Evaluated { get; init; }
}

/// <summary>What a backend is predicted to take at most, once its context is full.</summary>
/// <param name="Backend"><c>builtin</c> or <c>llama.cpp</c>.</param>
/// <param name="ContextLength">Positions.</param>
/// <param name="Parts">The parts, none of them empty.</param>
public sealed record MemoryPrediction(string Backend, int ContextLength, IReadOnlyList<MemoryPart> Parts)
{
    /// <summary>All of a device.</summary>
    /// <param name="device"><c>cpu</c> or <c>gpu</c>.</param>
    /// <returns>Bytes.</returns>
    public long On(string device) => Bytes.Of(Parts.Where(p => p.Device == device).Sum(p => (double)p.Bytes));

    /// <summary>All of one kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <returns>Bytes.</returns>
    public long Of(MemoryKind kind) => Bytes.Of(Parts.Where(p => p.Kind == kind).Sum(p => (double)p.Bytes));

    internal static MemoryPrediction Make(string backend, int contextLength, params ReadOnlySpan<MemoryPart> parts)
    {
        var some = new List<MemoryPart>();
        foreach (MemoryPart part in parts)
        {
            if (part.Bytes > 0) some.Add(part);
        }

        return new MemoryPrediction(backend, contextLength, some);
    }
}
