using System.Text;
using Harness.Conversion;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts.Verdicts;

namespace Harness.Runner;

/// <summary>
/// Models that a command line names by path or as <c>hf:owner/repo[/file][@revision]</c>: each becomes an entry beside
/// the catalogue's, so that everything after it need not know the difference.
/// </summary>
/// <param name="hub">The hub, asked what a repository publishes.</param>
public sealed class UnlistedModels(HubClient hub)
{
    /// <summary>Adds what is no name of the catalogue.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="selection">What the command line chose.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>The catalogue with the models, and the selection with their ids.</returns>
    /// <exception cref="MatrixException">A path that is none.</exception>
    /// <exception cref="HubException">The hub does not list the repository.</exception>
    /// <exception cref="GgufException">A file is no model.</exception>
    public async Task<(Catalogue Catalogue, Selection Selection)> AddAsync(
        Catalogue catalogue, Selection selection, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(selection);
        if (selection.Models is null) return (catalogue, selection);
        List<string> names = [];
        foreach (string text in selection.Models)
        {
            ModelEntry? model = null;
            if (File.Exists(text)) model = OfFile(text);
            else if (ModelConverter.IsModelDirectory(text)) model = OfDirectory(text);
            else if (text.StartsWith(HubReference.Prefix, StringComparison.Ordinal)) model = await OfHubAsync(text, cancellation).ConfigureAwait(false);
            else if (ModelLocator.LooksLikePath(text)) throw ModelLocator.NoFile(text);
            if (model is not null && catalogue.FindModel(model.Id) is null) catalogue = catalogue.With(model);
            names.Add(model?.Id ?? text);
        }

        return (catalogue, selection with { Models = names });
    }

    private static ModelEntry OfFile(string path)
    {
        string full = Path.GetFullPath(path);
        using GgufFile file = GgufFile.Open(full);
        string architecture = file.Metadata.TryGetString("general.architecture", out string? name) ? name : "unknown";
        string quant = NamedIn(full)
            ?? Tolerance.Coarsest(file.Tensors.Where(t => t.Shape.Length > 1).Select(t => t.TypeName).Distinct());
        var source = new QuantSource(Quantization.Find(quant) ?? new Quantization(quant, 0), VariantOrigin.Local, full, null, Unverified: false);
        return Entry("local-" + IdOf(Path.GetFileNameWithoutExtension(full)), path, architecture, VariantOrigin.Local, null, null, [source]);
    }

    /// <summary>A directory is converted as it is, and quantized from that to whatever is asked for.</summary>
    private static ModelEntry OfDirectory(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        (string? architecture, string? type) = ModelConverter.Describe(full);
        string own = type ?? "AUTO";
        List<QuantSource> sources = [new(Quantization.Find(own) ?? new Quantization(own, 0), VariantOrigin.Converted, full, null, Unverified: false)];
        foreach (string quant in ModelQuantizer.Quantizations)
        {
            if (quant != own && Quantization.Find(quant) is { } known)
                sources.Add(new QuantSource(known, VariantOrigin.Quantized, null, own, Unverified: false));
        }

        return Entry("local-" + IdOf(Path.GetFileName(full)), path, architecture ?? "unknown", VariantOrigin.Converted, null, null, sources) with { DefaultQuants = [own] };
    }

    private async Task<ModelEntry> OfHubAsync(string text, CancellationToken cancellation)
    {
        HubReference reference = HubReference.Parse(text);
        RepoListing listing = await hub.ListFilesAsync(reference.Repo, reference.Revision, cancellation).ConfigureAwait(false);
        var sources = new List<QuantSource>();
        // The plain files first: where a repository has Q4_K_M and UD-Q4_K_M, the word means the plain one.
        foreach (RepoVariant variant in RepoVariant.Of(listing).OrderBy(v => v.Quant?.Flavour.Length > 0))
        {
            bool wanted = reference.File is { } file ? variant.Files.Any(f => f.Path == file) : variant.Kind == RepoFileKind.Weights;
            if (!wanted || !variant.IsGguf) continue;
            Quantization quantization = variant.Quant is { Name: var quant } ? Quantization.Find(quant) ?? new Quantization(quant, 0) : new Quantization("unknown", 0);
            if (sources.TrueForAll(s => s.Quantization.Name != quantization.Name))
                sources.Add(new QuantSource(quantization, VariantOrigin.Hub, variant.First, null, Unverified: false));
        }

        if (sources.Count == 0)
        {
            string there = string.Join(", ", listing.Files.Select(f => f.Path).Take(12));
            throw new MatrixException(new Diagnostic(
                $"{text} has no {(reference.File is null ? "GGUF file" : $"file {reference.File}")}", $"there are {there}", Field: "--model"));
        }

        string id = "hf-" + IdOf(reference.Repo.Split('/')[1]);
        return Entry(id, text, "", VariantOrigin.Hub, reference.Repo, reference.Revision, sources);
    }

    private static ModelEntry Entry(
        string id, string reference, string architecture, VariantOrigin origin, string? repository, string? revision, List<QuantSource> sources)
    {
        string[] quants = [.. sources.Select(s => s.Quantization.Name)];
        string[] usual = quants.Contains("Q4_K_M") ? ["Q4_K_M"] : quants[..1];
        return new ModelEntry(
            id, id, ModelEntry.Unlisted, architecture, origin, repository, revision ?? "main", 0, null, sources, usual, Unverified: false, Notes: null)
        {
            Reference = reference,
        };
    }

    /// <summary>The quantization a file's name tells, where it is one of the catalogue's.</summary>
    private static string? NamedIn(string path) =>
        QuantLabel.FindIn(Path.GetFileNameWithoutExtension(path), out _) is { Name: var name } && Quantization.Find(name) is not null ? name : null;

    private static string IdOf(string text)
    {
        var id = new StringBuilder();
        foreach (char c in text.ToLowerInvariant())
            id.Append(char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-');
        return id.ToString().Trim('-', '.');
    }
}
