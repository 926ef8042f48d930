using Harness.Formats.Gguf;
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
    /// <summary>Reads a model's headers.</summary>
    /// <param name="model">What the command line says.</param>
    /// <param name="quant">The quantization, or null.</param>
    /// <param name="cancellation">Ends the requests.</param>
    /// <returns>The names of its files and their headers, in order.</returns>
    /// <exception cref="MatrixException">There is no such model.</exception>
    /// <exception cref="HubException">The hub does not give it.</exception>
    /// <exception cref="GgufException">A file is no sound GGUF.</exception>
    public async Task<(IReadOnlyList<string> Files, IReadOnlyList<GgufHeader> Headers)> ReadAsync(
        string model, string? quant, CancellationToken cancellation)
    {
        if (ModelLocator.FindFile(model, quant) is { } path)
            return ReadLocal(path);
        if (model.StartsWith(HubReference.Prefix, StringComparison.Ordinal))
        {
            var reference = HubReference.Parse(model);
            return ReadRemote(await hub.ResolveAsync(
                reference.Repo, reference.Revision, new FileQuery { File = reference.File, Quant = quant }, cancellation).ConfigureAwait(false));
        }

        return FromHub(model, quant) is { } variant
            ? ReadRemote(await hub.ResolveAsync(
                variant.Model.Repository!, variant.Model.Revision, new FileQuery { File = variant.Source!.File }, cancellation).ConfigureAwait(false))
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

    private (IReadOnlyList<string> Files, IReadOnlyList<GgufHeader> Headers) ReadRemote(IReadOnlyList<ResolvedFile> files)
    {
        var headers = new List<GgufHeader>();
        foreach (ResolvedFile file in files)
        {
            using Stream stream = hub.FindCached(file) is { } path ? File.OpenRead(path) : hub.OpenRead(file);
            headers.Add(Read(stream, file.Path));
        }

        return ([.. files.Select(f => f.Path)], headers);
    }

    private static (IReadOnlyList<string> Files, IReadOnlyList<GgufHeader> Headers) ReadLocal(string path)
    {
        IReadOnlyList<string> paths;
        using (GgufFile file = GgufFile.Open(path))
            paths = file.Paths;
        var headers = new List<GgufHeader>();
        foreach (string shard in paths)
        {
            using FileStream stream = File.OpenRead(shard);
            headers.Add(Read(stream, Path.GetFileName(shard)));
        }

        return ([.. paths.Select(p => Path.GetFileName(p))], headers);
    }

    private static GgufHeader Read(Stream stream, string name)
    {
        try
        {
            return GgufHeader.Read(stream);
        }
        catch (GgufException e)
        {
            throw e.In(name);
        }
    }
}
