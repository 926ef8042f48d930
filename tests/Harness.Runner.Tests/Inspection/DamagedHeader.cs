using System.Collections.Concurrent;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Runner.Inspection;

namespace Harness.Runner.Tests.Inspection;

/// <summary>A forged model's header that a test damages on purpose; no weight of it is ever made again.</summary>
internal sealed class DamagedHeader
{
    private static readonly ConcurrentDictionary<string, GgufHeader> Sound = new();

    private readonly List<KeyValuePair<string, GgufValue>> _metadata;
    private readonly List<(string Name, uint Type, long[] Shape)> _tensors;

    private DamagedHeader(GgufHeader header)
    {
        _metadata = [.. header.Metadata];
        _tensors = [.. header.Tensors.Select(t => (t.Name, t.TypeNumber, t.Shape.ToArray()))];
    }

    /// <summary>The header of an architecture's probe.</summary>
    public static DamagedHeader Of(string architecture, string quant = "F16") => new(Sound.GetOrAdd($"{architecture} {quant}", key =>
    {
        GgufWriter writer = ProbeForge.Describe(architecture, quant, seed: 1);
        return GgufHeader.TryParse(writer.HeaderBytes(), writer.FileLength, out GgufHeader? header, out _) ? header : throw new InvalidOperationException();
    }));

    public IEnumerable<string> TensorNames => _tensors.Select(t => t.Name);

    public DamagedHeader Set(string key, GgufValue? value)
    {
        int at = _metadata.FindIndex(e => e.Key == key);
        if (at >= 0) _metadata.RemoveAt(at);
        if (value is not null) _metadata.Insert(at >= 0 ? at : _metadata.Count, new(key, value));
        return this;
    }

    public DamagedHeader Remove(string tensor)
    {
        _tensors.RemoveAll(t => t.Name == tensor);
        return this;
    }

    public DamagedHeader Rename(string tensor, string name) => Change(tensor, t => (name, t.Type, t.Shape));

    public DamagedHeader Reshape(string tensor, params long[] shape) => Change(tensor, t => (t.Name, t.Type, shape));

    public DamagedHeader Retype(string tensor, uint type) => Change(tensor, t => (t.Name, type, t.Shape));

    public DamagedHeader Add(string tensor, params long[] shape)
    {
        _tensors.Add((tensor, 0u, shape));
        return this;
    }

    /// <summary>What the writer makes of it.</summary>
    public GgufWriter Writer()
    {
        var writer = new GgufWriter();
        foreach ((string key, GgufValue value) in _metadata) writer.Set(key, value);
        foreach ((string name, uint type, long[] shape) in _tensors) writer.AddTensor(name, type, shape, (_, bytes) => bytes.Clear());
        return writer;
    }

    /// <summary>What <c>inspect</c> says of it.</summary>
    public InspectedModel Inspect(params BackendKnowledge[] knowledge)
    {
        GgufWriter writer = Writer();
        if (!GgufHeader.TryParse(writer.HeaderBytes(), writer.FileLength, out GgufHeader? header, out _))
            throw new InvalidOperationException("A written header is whole.");
        return ModelInspector.Inspect("damaged.gguf", new ModelHeaders([new InspectedFile("damaged.gguf", header.FileLength, header.HeaderLength)], [header]), knowledge);
    }

    private DamagedHeader Change(string tensor, Func<(string Name, uint Type, long[] Shape), (string, uint, long[])> change)
    {
        int at = _tensors.FindIndex(t => t.Name == tensor);
        if (at < 0) throw new ArgumentException($"There is no tensor {tensor}.", nameof(tensor));
        _tensors[at] = change(_tensors[at]);
        return this;
    }
}
