using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>What a model is to fit into.</summary>
public sealed record FitRequest
{
    /// <summary>Memory that can be used, in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>Memory of a GPU that can be used, in bytes; 0 for none.</summary>
    public long GpuMemory { get; init; }

    /// <summary>Positions wanted; null for 4096, or what the model has where that is less.</summary>
    public int? ContextLength { get; init; }

    /// <summary>How keys and values are stored.</summary>
    public CacheFormat Cache { get; init; }

    /// <summary>Tokens that llama.cpp evaluates at once.</summary>
    public int Batch { get; init; } = 512;
}

/// <summary>How a model fits on an engine.</summary>
/// <param name="Backend"><c>builtin</c> or <c>llama.cpp</c>.</param>
/// <param name="Prediction">What it takes at the context asked for; null where the engine does not run it.</param>
/// <param name="Fits">Whether that fits.</param>
/// <param name="LargestContext">The largest context that fits, up to what the model was trained for; 0 for none.</param>
/// <param name="GpuLayers">Layers on the GPU; 0 without one.</param>
/// <param name="Unsupported">Why the engine does not run it, or null.</param>
public sealed record EngineFit(string Backend, MemoryPrediction? Prediction, bool Fits, int LargestContext, int GpuLayers, string? Unsupported);

/// <summary>Where a number of bytes comes from.</summary>
public enum SizeSource
{
    /// <summary>The tensors of the file's own header: exact.</summary>
    Header,

    /// <summary>The tensors of another file of the model, at this quantization's types: an estimate, though the types are llama.cpp's own choices.</summary>
    Mixture,

    /// <summary>The published shape, at this quantization's types: an estimate.</summary>
    Shape,
}

/// <summary>How a quantization of a model fits.</summary>
/// <param name="Quant">Its name.</param>
/// <param name="Source">Where its size comes from.</param>
/// <param name="WeightBytes">Bytes of its weights.</param>
/// <param name="Engines">How it fits on each engine.</param>
public sealed record QuantFit(string Quant, SizeSource Source, long WeightBytes, IReadOnlyList<EngineFit> Engines)
{
    /// <summary>Whether some engine runs it in the memory there is.</summary>
    public bool Fits => Engines.Any(e => e.Fits);
}

/// <summary>How a model fits.</summary>
/// <param name="Request">What it was asked to fit into.</param>
/// <param name="ContextLength">Positions it was looked at with.</param>
/// <param name="TrainedContext">Positions the model was trained for; 0 where the header does not say.</param>
/// <param name="Parameters">Weights.</param>
/// <param name="Own">The quantization that was asked for.</param>
/// <param name="Others">Others, from wide to narrow.</param>
/// <param name="Experts">Its experts, or null.</param>
public sealed record ModelFit(
    FitRequest Request, int ContextLength, int TrainedContext, long Parameters, QuantFit Own, IReadOnlyList<QuantFit> Others, ExpertMemory? Experts)
{
    /// <summary>The widest quantization that fits, the one asked for included; null for none.</summary>
    public QuantFit? LargestQuant => Others.Append(Own).Where(q => q.Fits).MaxBy(q => q.WeightBytes);
}
