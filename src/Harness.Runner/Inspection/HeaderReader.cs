using Harness.Conversion;
using Harness.Formats.Gguf;
using Harness.Formats.Safetensors;
using Harness.Hub;
using Harness.Matrix;

namespace Harness.Runner.Inspection;

/// <summary>
/// Reads the headers of a model that a command line names, and no more: of a file on the hub by ranged requests, of a
/// sharded one every shard's. Only what the harness makes itself is made first.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="catalogue">The catalogue; asked for only when a name is looked up.</param>
/// <param name="locator">Finds and makes what is no file of the hub.</param>
public sealed class HeaderReader(HubClient hub, Func<Catalogue> catalogue, ModelLocator locator)
{
    // With the hub's stream, which reads ahead as much, this stays below a MiB more than the header.
    private const int MostBeyond = 448 << 10;

    /// <summary>Reads a model's headers.</summary>
    /// <param name="model">What the command line says.</param>
    /// <param name="quant">The quantization, or null.</param>
    /// <param name="cancellation">Ends the requests.</param>
    /// <returns>Its files and their headers, in order.</returns>
    /// <exception cref="MatrixException">There is no such model.</exception>
    /// <exception cref="HubException">The hub does not give it.</exception>
    /// <exception cref="GgufException">A file is no sound GGUF.</exception>
    /// <exception cref="SafetensorsException">A file is no sound safetensors.</exception>
    public async Task<ModelHeaders> ReadAsync(string model, string? quant, CancellationToken cancellation)
    {
        if (ModelLocator.FindFile(model, quant) is { } path)
            return SafetensorsHeaders.IsOne(path) ? SafetensorsHeaders.OfFile(path) : ReadLocal(path);
        if (quant is null && ModelConverter.IsModelDirectory(model))
            return SafetensorsHeaders.OfDirectory(model);
        if (model.StartsWith(HubReference.Prefix, StringComparison.Ordinal))
        {
            var reference = HubReference.Parse(model);
            return await ReadRemoteAsync(
                reference.Repo, reference.Revision, new FileQuery { File = reference.File, Quant = quant }, cancellation).ConfigureAwait(false);
        }

        return FromHub(model, quant) is { } variant
            ? await ReadRemoteAsync(variant.Model.Repository!, variant.Model.Revision, new FileQuery { File = variant.Source!.File }, cancellation).ConfigureAwait(false)
            : ReadLocal(await locator.FindAsync(model, quant, cancellation).ConfigureAwait(false));
    }

    /// <summary>The variant of a catalogue name whose files are on the hub; null for all else, which the locator knows or refuses.</summary>
    private Variant? FromHub(string text, string? quant)
    {
        string[] parts = text.Split(':', 2);
        Catalogue known = catalogue();
        if (known.FindModel(parts[0]) is not { } model)
            return null;
        string chosen = (parts.Length == 2 ? parts[1] : null) ?? quant ?? model.DefaultQuants[0];
        if (model.FindQuant(chosen) is null)
            return null;
        var variant = Variant.Of(known, model, chosen);
        return variant.Origin == VariantOrigin.Hub ? variant : null;
    }

    private async Task<ModelHeaders> ReadRemoteAsync(string repo, string? revision, FileQuery query, CancellationToken cancellation)
    {
        IReadOnlyList<ResolvedFile> files = await hub.ResolveAsync(repo, revision, query, cancellation).ConfigureAwait(false);
        if (files.Any(f => SafetensorsHeaders.IsOne(f.Path)))
            return await SafetensorsHeaders.OfHubAsync(hub, files, cancellation).ConfigureAwait(false);
        var headers = new List<GgufHeader>();
        foreach (ResolvedFile file in files)
        {
            using Stream stream = hub.OpenRead(file);
            headers.Add(Read(stream, file.Path, MostBeyond));
        }

        return Checked([.. files.Select(f => f.Path)], headers);
    }

    private static ModelHeaders ReadLocal(string path)
    {
        var headers = new List<GgufHeader>();
        IReadOnlyList<string> paths;
        using (FileStream stream = File.OpenRead(path))
        {
            headers.Add(Read(stream, Path.GetFileName(path)));
            paths = GgufHeader.ShardPaths(path, headers[0]);
        }

        if (paths.Count > 1)
        {
            headers.Clear();
            foreach (string shard in paths)
            {
                using FileStream stream = File.OpenRead(shard);
                headers.Add(Read(stream, Path.GetFileName(shard)));
            }
        }

        return Checked([.. paths.Select(p => Path.GetFileName(p))], headers);
    }

    private static ModelHeaders Checked(IReadOnlyList<string> names, IReadOnlyList<GgufHeader> headers)
    {
        GgufHeader.CheckShards(headers, names);
        return new ModelHeaders([.. names.Zip(headers, (name, header) => new InspectedFile(name, header.FileLength, header.HeaderLength))], headers);
    }

    private static GgufHeader Read(Stream stream, string name, int mostBeyond = int.MaxValue)
    {
        try
        {
            return GgufHeader.Read(stream, mostBeyond);
        }
        catch (GgufException e)
        {
            throw e.In(name);
        }
    }
}
