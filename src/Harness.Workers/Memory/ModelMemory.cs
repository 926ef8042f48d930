using Harness.Engine;
using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Workers.Memory;

/// <summary>
/// What a model takes on each engine, from its headers alone. The built-in engine's numbers are those it reserves by;
/// llama.cpp's follow how it lays out its buffers as the harness runs it.
/// </summary>
public sealed class ModelMemory
{
    private readonly ModelHeader header;
    private readonly Blueprint? blueprint;
    private readonly LlamaCppMemory llamaCpp;
    private readonly Dictionary<(int Context, int Threads, CacheFormat Cache), SessionMemory> sessions = [];

    private ModelMemory(ModelHeader header, Blueprint? blueprint, string? unsupported, ModelDimensions dimensions, IReadOnlyList<GgufHeader> headers)
    {
        this.header = header;
        this.blueprint = blueprint;
        Unsupported = unsupported;
        Dimensions = dimensions;
        llamaCpp = new LlamaCppMemory(dimensions, headers);
        WeightBytes = headers.Sum(h => h.Tensors.Sum(t => t.ByteLength));
    }

    /// <summary>Why the built-in engine does not run it, or null.</summary>
    public string? Unsupported { get; }

    /// <summary>Bytes of all tensors.</summary>
    public long WeightBytes { get; }

    /// <summary>Positions the model was trained for; 0 where the header does not say.</summary>
    public int ContextLength => Dimensions.ContextLength;

    /// <summary>The layers of the model, of which llama.cpp can put some on a GPU.</summary>
    public int Layers => Dimensions.Layers.Count;

    /// <summary>The experts, or null where there are none.</summary>
    public ExpertMemory? Experts => ExpertMemory.Of(header.Tensors.Values, Dimensions);

    internal ModelDimensions Dimensions { get; }

    /// <summary>Reads a model's headers.</summary>
    /// <param name="headers">The headers of all its files, in order; at least one.</param>
    /// <returns>The model.</returns>
    /// <exception cref="GgufException">The header lacks what every model has.</exception>
    public static ModelMemory Of(IReadOnlyList<GgufHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var header = new ModelHeader(headers[0].Metadata, headers.SelectMany(h => h.Tensors));
        try
        {
            Blueprint blueprint = ArchitectureTable.Read(header);
            Model.CheckTensors(header, blueprint);
            return new ModelMemory(header, blueprint, null, ModelDimensions.Of(blueprint, headers), headers);
        }
        catch (Exception e) when (e is ModelException or GgufException)
        {
            return new ModelMemory(header, null, e.Message, ModelDimensions.Of(headers), headers);
        }
    }

    /// <summary>What the built-in engine takes.</summary>
    /// <param name="request">How it is run; there is no GPU.</param>
    /// <returns>The prediction; null where the engine does not run the model.</returns>
    public MemoryPrediction? Builtin(MemoryRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (blueprint is null) return null;
        (int Context, int Threads, CacheFormat Cache) key = (request.ContextLength, request.Threads, request.Cache);
        if (!sessions.TryGetValue(key, out SessionMemory? session))
            sessions.Add(key, session = Session.MemoryOf(
                header, blueprint, request.ContextLength, request.Threads, request.Cache == CacheFormat.Q8_0 ? KvCacheType.Q8_0 : KvCacheType.F16));
        return BuiltinMemory.Predict(session, Dimensions, request);
    }

    /// <summary>What llama.cpp takes, as the harness runs it: its defaults, but without flash attention on the CPU.</summary>
    /// <param name="request">How it is run.</param>
    /// <returns>The prediction.</returns>
    public MemoryPrediction LlamaCpp(MemoryRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return llamaCpp.Predict(request);
    }
}

/// <summary>The weights of experts: all are resident, a token is multiplied with some.</summary>
/// <param name="Count">Experts of a layer.</param>
/// <param name="Used">Those a token goes to.</param>
/// <param name="ResidentBytes">Bytes of all experts.</param>
/// <param name="ActiveBytes">Bytes of those a token goes to.</param>
public sealed record ExpertMemory(int Count, int Used, long ResidentBytes, long ActiveBytes)
{
    internal static ExpertMemory? Of(IEnumerable<GgufTensor> tensors, ModelDimensions dimensions)
    {
        if (dimensions.Experts <= 0) return null;
        long all = tensors.Where(t => t.Name.Contains("_exps.", StringComparison.Ordinal)).Sum(t => t.ByteLength);
        return new ExpertMemory(dimensions.Experts, dimensions.ExpertsUsed, all, all / dimensions.Experts * dimensions.ExpertsUsed);
    }
}
