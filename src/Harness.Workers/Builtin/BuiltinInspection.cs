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

    private BuiltinInspection(Blueprint? blueprint, string? unsupported, string? fault)
    {
        this.blueprint = blueprint;
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
        try
        {
            var header = new ModelHeader(headers[0].Metadata, headers.SelectMany(h => h.Tensors));
            blueprint = ArchitectureTable.Read(header);
            Model.CheckTensors(header, blueprint);
            return new BuiltinInspection(blueprint, null, null);
        }
        catch (UnsupportedModelException e)
        {
            return new BuiltinInspection(blueprint, e.Message, null);
        }
        catch (ModelException e)
        {
            // A header that contradicts itself is for each backend to refuse in its own words, when it is asked to load.
            return new BuiltinInspection(blueprint, null, e.Message);
        }
    }
}
