using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Matrix;
using Harness.Workers.Memory;

namespace Harness.Runner.Fit;

/// <summary>What of a catalogue fits a machine.</summary>
/// <param name="Usable">Memory that can be used, in bytes.</param>
/// <param name="Fits">Models that fit, the largest first.</param>
/// <param name="TooLarge">Models that do not, or not at four bits, the smallest first.</param>
public sealed record MachineFit(long Usable, IReadOnlyList<FittingModel> Fits, IReadOnlyList<FittingModel> TooLarge);

/// <summary>A model beside a machine.</summary>
/// <param name="Entry">The model.</param>
/// <param name="Parameters">Its weights.</param>
/// <param name="Best">Its widest quantization that fits; null for none.</param>
/// <param name="Least">What it takes at about four bits, at the least of the engines.</param>
/// <param name="Training">What training takes.</param>
public sealed record FittingModel(ModelEntry Entry, long Parameters, QuantFit? Best, (string Quant, long Bytes) Least, TrainingMemory Training);

/// <summary>Looks at all models of a catalogue that have a shape, for machines of any size.</summary>
/// <param name="models">The models, each with the header of its shape at F16.</param>
/// <param name="request">Context, cache and batch; its memory does not matter.</param>
public sealed class MachineFitter(IReadOnlyList<(ModelEntry Entry, GgufHeader Header)> models, FitRequest request)
{
    /// <summary>Bits a weight below which answers suffer visibly.</summary>
    public const double EnoughBits = 4;

    private readonly Dictionary<(string, string), ModelMemory> memories = [];

    /// <summary>Fits all models into so much memory.</summary>
    /// <param name="usable">Bytes that can be used.</param>
    /// <returns>What fits and what does not.</returns>
    public MachineFit Fit(long usable)
    {
        FitRequest here = request with { Memory = usable };
        FittingModel[] all = [.. models.Select(m => Of(m.Entry, m.Header, here)).OrderByDescending(m => m.Parameters).ThenBy(m => m.Entry.Id, StringComparer.Ordinal)];
        bool Enough(FittingModel m) => m.Best is { } best && Bits(best.Quant) >= EnoughBits;
        return new MachineFit(usable, [.. all.Where(Enough)], [.. all.Where(m => !Enough(m)).Reverse()]);
    }

    private FittingModel Of(ModelEntry entry, GgufHeader header, FitRequest here)
    {
        string[] quants = [.. entry.Quants.Select(q => q.Quantization.Name).OrderByDescending(Bits)];
        QuantFit? best = null;
        foreach (string quant in quants)
        {
            if (MemoryOf(entry, header, quant) is not { } memory || Least(memory) > here.Memory) continue;
            best = FitAnalyzer.Of(memory, quant, SizeSource.Shape, Context(memory), here);
            break;
        }

        string four = quants.Where(q => Bits(q) >= EnoughBits).DefaultIfEmpty("Q4_K_M").MinBy(Bits)!;
        long least = MemoryOf(entry, header, four) is { } smallest ? Least(smallest) : 0;
        return new FittingModel(entry, header.Tensors.Sum(t => t.ElementCount), best, (four, least), TrainingMemory.Of([header]));
    }

    private ModelMemory? MemoryOf(ModelEntry entry, GgufHeader header, string quant)
    {
        if (memories.TryGetValue((entry.Id, quant), out ModelMemory? known)) return known;
        if (QuantizedHeader.Of([header], quant) is not { } quantized) return null;
        return memories[(entry.Id, quant)] = ModelMemory.Of([quantized]);
    }

    private int Context(ModelMemory memory) => request.ContextLength ?? Math.Min(FitAnalyzer.UsualContext, Math.Max(1, memory.ContextLength));

    private long Least(ModelMemory memory)
    {
        var asked = new MemoryRequest(Context(memory)) { Cache = request.Cache, Batch = request.Batch };
        long llamaCpp = memory.LlamaCpp(asked).On("cpu");
        return memory.Builtin(asked) is { } builtin ? Math.Min(builtin.On("cpu"), llamaCpp) : llamaCpp;
    }

    /// <summary>Bits a weight of a quantization.</summary>
    /// <param name="quant">Its name.</param>
    /// <returns>0 for one that is not known.</returns>
    public static double Bits(string quant) => Quantization.Find(quant)?.BitsPerWeight ?? 0;
}
