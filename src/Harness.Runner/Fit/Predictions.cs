using Harness.Receipts;
using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>Predictions in the words of receipts.</summary>
public static class Predictions
{
    /// <summary>What a prediction says of the machine's memory.</summary>
    /// <param name="prediction">A prediction.</param>
    /// <returns>Its record.</returns>
    public static PredictedMemory Record(MemoryPrediction prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return new PredictedMemory(
            prediction.On("cpu"), prediction.ContextLength,
            [.. prediction.Parts.Where(p => p.Device == "cpu").Select(p => new PredictedPart(NameOf(p.Kind), p.Bytes))]);
    }

    private static string NameOf(MemoryKind kind) => kind switch
    {
        MemoryKind.RepackedWeights => "repacked-weights",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
