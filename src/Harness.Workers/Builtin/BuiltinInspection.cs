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
/// <param name="Features">Name and value, in the blueprint's order; empty when the architecture is not known.</param>
/// <param name="Unsupported">The exact reason why it cannot run the model, or null when it can.</param>
public sealed record BuiltinInspection(IReadOnlyList<KeyValuePair<string, string>> Features, string? Unsupported)
{
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
        KeyValuePair<string, string>[] features = [];
        try
        {
            var header = new ModelHeader(headers[0].Metadata, headers.SelectMany(h => h.Tensors));
            Blueprint blueprint = ArchitectureTable.Read(header);
            features = [.. blueprint.Describe().Select(f => KeyValuePair.Create(f.Name, f.Value))];
            Model.CheckTensors(header, blueprint);
            return new BuiltinInspection(features, null);
        }
        catch (UnsupportedModelException e)
        {
            return new BuiltinInspection(features, e.Message);
        }
        catch (ModelException)
        {
            // A header that contradicts itself is for each backend to refuse in its own words, when it is asked to load.
            return new BuiltinInspection(features, null);
        }
    }
}
