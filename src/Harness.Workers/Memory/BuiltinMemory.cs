using Harness.Engine;

namespace Harness.Workers.Memory;

/// <summary>What the built-in engine takes: what its session says it will reserve, the weights, and its process.</summary>
internal static class BuiltinMemory
{
    /// <summary>Resident memory of a worker that has loaded nothing large: runtime, libraries, compiled code. Measured.</summary>
    private const long ProcessBytes = 73L << 20;

    /// <summary>A token of the vocabulary, in the tokenizer's tables. Measured.</summary>
    private const long TokenBytes = 110;

    /// <summary>A page that is asked for brings its neighbours with it (fault_around_bytes of Linux).</summary>
    private const long BytesAroundPage = 64 << 10;

    /// <summary>Predicts.</summary>
    /// <param name="session">What the session reserves.</param>
    /// <param name="dimensions">The model.</param>
    /// <param name="request">How it is run.</param>
    public static MemoryPrediction Predict(SessionMemory session, ModelDimensions dimensions, MemoryRequest request) => MemoryPrediction.Make(
        "builtin",
        session.Positions,
        new MemoryPart("cpu", MemoryKind.Weights, session.Weights!.MappedBytes - NotRead(session.Weights, request.Evaluated)),
        new MemoryPart("cpu", MemoryKind.RepackedWeights, session.Weights.PrivateBytes),
        new MemoryPart("cpu", MemoryKind.Cache, session.StateBytes - session.FixedStateBytes),
        new MemoryPart("cpu", MemoryKind.State, session.FixedStateBytes),
        new MemoryPart("cpu", MemoryKind.Compute, session.ComputeBytes),
        new MemoryPart("cpu", MemoryKind.Process, ProcessBytes + (TokenBytes * dimensions.Vocabulary)));

    // Of a table that is read row by row, only what was asked for is resident.
    private static long NotRead(WeightMemory weights, int? evaluated) => evaluated is not int tokens
        ? 0
        : weights.Tables.Sum(t => Math.Max(0, t.Bytes - (tokens * Math.Max(t.RowBytes, BytesAroundPage))));
}
