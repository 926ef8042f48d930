using System.Security.Cryptography;
using System.Text;
using Harness.Engine;
using Harness.Engine.Architectures;
using Harness.Engine.Blueprints;
using Harness.Formats.Gguf;

namespace Harness.Workers.Builtin;

/// <summary>
/// What the built-in engine makes of a model's header, before any weight is read: the features of its blueprint, or
/// what it lacks to run it.
/// </summary>
public sealed class BuiltinInspection
{
    private readonly Blueprint? blueprint;

    private BuiltinInspection(Blueprint? blueprint, string? unsupported, string? fault, IReadOnlyList<HeaderTensorFault>? faults = null)
    {
        this.blueprint = blueprint;
        TensorFaults = faults ?? [];
        Features = blueprint is null ? [] : [.. blueprint.Describe().Select(f => KeyValuePair.Create(f.Name, f.Value))];
        Unsupported = unsupported;
        Fault = fault;
    }

    /// <summary>Name and value, in the blueprint's order; empty when the architecture is not known.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Features { get; }

    /// <summary>The exact reason why the engine lacks what the model needs, or null.</summary>
    public string? Unsupported { get; }

    /// <summary>What is wrong with the header itself, or null: a tensor missing or misshapen, a contradiction.</summary>
    public string? Fault { get; }

    /// <summary>Everything wrong with the tensors; empty too where the architecture is not known.</summary>
    public IReadOnlyList<HeaderTensorFault> TensorFaults { get; }

    /// <summary>Whether the architecture is known, and so which tensors it needs.</summary>
    public bool KnowsArchitecture => blueprint is not null;

    /// <summary>Positions the model was trained for; null when the architecture is not known.</summary>
    public int? ContextLength => blueprint?.ContextLength;

    /// <summary>Bytes of keys, values (float16) and recurrent states.</summary>
    /// <param name="contextLength">Positions, at least 1.</param>
    /// <returns>Bytes; null when the architecture is not known.</returns>
    public long? StateBytes(int contextLength) => blueprint is null ? null : Session.CacheBytes(blueprint, contextLength);

    /// <summary>
    /// sha256 (hex) over the identities of the assemblies that compute: two builds of the same sources have the same.
    /// </summary>
    public static string BuildDigest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(
        '\n',
        new[] { typeof(ArchitectureTable), typeof(GgufHeader), typeof(Harness.Text.Tokenizer) }
            .Select(t => t.Assembly.ManifestModule.ModuleVersionId.ToString("N"))))));

    /// <summary>Inspects the headers of all shards of a model.</summary>
    /// <param name="headers">The headers, the first shard's first.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="GgufException">The header lacks what every model has.</exception>
    public static BuiltinInspection Of(IReadOnlyList<GgufHeader> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        Blueprint? blueprint = null;
        ModelHeader? header = null;
        try
        {
            header = new ModelHeader(headers[0].Metadata, headers.SelectMany(h => h.Tensors));
            blueprint = ArchitectureTable.Read(header);
            Model.CheckTensors(header, blueprint);
            return new BuiltinInspection(blueprint, null, null);
        }
        catch (UnsupportedModelException e)
        {
            return new BuiltinInspection(blueprint, e.Message, null, Faults(header, blueprint));
        }
        catch (Exception e) when (e is ModelException or GgufException)
        {
            // A header that contradicts itself is for each backend to refuse in its own words, when it is asked to load.
            return new BuiltinInspection(blueprint, null, e.Message, Faults(header, blueprint));
        }
    }

    private static IReadOnlyList<HeaderTensorFault> Faults(ModelHeader? header, Blueprint? blueprint)
    {
        try
        {
            return header is null || blueprint is null ? [] :
            [
                .. Model.FindTensorFaults(header, blueprint).Select(f => new HeaderTensorFault(
                    f.Kind switch { TensorFaultKind.Missing => "missing", TensorFaultKind.Misshapen => "misshapen", _ => "extra" }, f.Name, f.Expected, f.Found, f.Message)),
            ];
        }
        catch (ModelException)
        {
            // A contradiction beyond the tensors' shapes: its words are in Fault.
            return [];
        }
    }
}

/// <summary>Something wrong with one tensor of a header, by the built-in engine's blueprint of its architecture.</summary>
/// <param name="Kind"><c>missing</c>, <c>misshapen</c> or <c>extra</c>: nothing asks for it.</param>
/// <param name="Name">The tensor.</param>
/// <param name="Expected">The shape that is asked for, row length first; empty for an extra one.</param>
/// <param name="Found">The shape it has; empty for a missing one.</param>
/// <param name="Message">It in a sentence.</param>
public sealed record HeaderTensorFault(string Kind, string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found, string Message);
