using Harness.Conversion;
using Harness.Hub;
using Harness.Matrix;
using Harness.Runner.Variants;

namespace Harness.Runner;

/// <summary>
/// Finds what a command line calls MODEL: a path, <c>hf:owner/repo[/file][@revision]</c>, or a name of the catalogue
/// with an optional quantization (<c>nano:Q8_0</c>), tried in that order.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="catalogue">The catalogue; asked for only when a name is looked up.</param>
/// <param name="home">The harness's home.</param>
/// <param name="threads">Threads to quantize with.</param>
/// <param name="progress">Told how far downloads are, or null.</param>
/// <param name="conversion">Told how far the conversion of a model directory is, or null.</param>
public sealed class ModelLocator(
    HubClient hub, Func<Catalogue> catalogue, string home, int threads, IProgress<HubProgress>? progress = null, IProgress<ConversionProgress>? conversion = null)
{
    private const string Field = "MODEL";

    /// <summary>What a command line may call MODEL, for messages.</summary>
    private const string Forms = "give a path, hf:owner/repo[/file][@revision], or a name of the catalogue";

    /// <summary>Finds a model and brings its file here.</summary>
    /// <param name="model">What the command line says.</param>
    /// <param name="quant">The quantization, or null for what the name or the file says, else the model's first default one.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <returns>The full path of its file; of a sharded model, the first shard's.</returns>
    /// <exception cref="MatrixException">There is no such model; says what is near.</exception>
    /// <exception cref="HubException">The hub does not give it.</exception>
    /// <exception cref="ConversionException">It is a directory, and cannot be converted.</exception>
    public async Task<string> FindAsync(string model, string? quant = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (FindFile(model, quant) is { } path) return path;
        if (ModelConverter.IsModelDirectory(model)) return await ConvertedAsync(model, quant, cancellation).ConfigureAwait(false);
        return model.StartsWith(HubReference.Prefix, StringComparison.Ordinal)
            ? await DownloadAsync(HubReference.Parse(model), quant, cancellation).ConfigureAwait(false)
            : await FromCatalogueAsync(model, quant, cancellation).ConfigureAwait(false);
    }

    /// <summary>Finds a model that is a path; touches neither hub nor catalogue.</summary>
    /// <param name="model">What the command line says.</param>
    /// <param name="quant">A quantization asked for beside it, or null.</param>
    /// <returns>The full path; null when it may be a name or a reference to the hub.</returns>
    /// <exception cref="MatrixException">It can only be a path, and there is no such file; or a file is asked for at a quantization.</exception>
    public static string? FindFile(string model, string? quant)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (File.Exists(model))
        {
            return quant is null
                ? Path.GetFullPath(model)
                : throw Wrong($"{model} is a file, which has the quantization it has", "leave --quant out, or give a name of the catalogue", "--quant");
        }

        if (ModelConverter.IsModelDirectory(model)) return null;
        if (Directory.Exists(model) && LooksLikePath(model)) throw NoFile(model);
        if (model.Length == 0) throw Wrong("an empty text is no model", Forms);
        if (model.StartsWith(HubReference.Prefix, StringComparison.Ordinal) || !LooksLikePath(model)) return null;
        throw NoFile(model);
    }

    private async Task<string> ConvertedAsync(string directory, string? quant, CancellationToken cancellation)
    {
        var made = new MadeFiles(home, threads);
        string own = ModelConverter.Describe(directory).Type ?? "AUTO";
        string? type = quant is null ? own : ModelConverter.Types.FirstOrDefault(t => t.Equals(quant, StringComparison.OrdinalIgnoreCase));
        return type is not null
            ? await made.ConvertedAsync(directory, type, conversion, cancellation).ConfigureAwait(false)
            : throw Wrong($"a directory cannot be converted to '{quant}' on the way", $"there are {string.Join(", ", ModelConverter.Types)}; for others, 'harness convert' first", "--quant");
    }

    private async Task<string> FromCatalogueAsync(string text, string? quant, CancellationToken cancellation)
    {
        string[] parts = text.Split(':', 2);
        string? named = parts.Length == 2 ? parts[1] : null;
        if (named is not null && quant is not null && !named.Equals(quant, StringComparison.OrdinalIgnoreCase))
            throw Wrong($"the quantization is given twice: {named} and {quant}", "give it with the name or with --quant, not both", "--quant");
        Catalogue known = catalogue();
        ModelEntry model = known.FindModel(parts[0]) ?? throw Unknown(parts[0], known);
        string chosen = named ?? quant ?? model.DefaultQuants[0];
        if (model.FindQuant(chosen) is null)
        {
            string[] names = [.. model.Quants.Select(q => q.Quantization.Name)];
            string meant = NearestWord.Find(chosen, names) is { } near ? $"did you mean '{near}'? " : "";
            throw Wrong($"{model.Id} is not to be had at '{chosen}'", $"{meant}there are {string.Join(", ", names)}");
        }

        var files = new VariantFiles(hub, new MadeFiles(home, threads), progress);
        try
        {
            return await files.GetAsync(Variant.Of(known, model, chosen), cancellation).ConfigureAwait(false);
        }
        catch (FileNotFoundException e)
        {
            throw Wrong(e.Message, $"restore it, or choose another model: {string.Join(", ", known.Models.Select(m => m.Id))}");
        }
    }

    private async Task<string> DownloadAsync(HubReference reference, string? quant, CancellationToken cancellation)
    {
        IReadOnlyList<ResolvedFile> files = await hub.ResolveAsync(
            reference.Repo, reference.Revision, new FileQuery { File = reference.File, Quant = quant }, cancellation).ConfigureAwait(false);
        IReadOnlyList<DownloadedFile> downloaded = await hub.DownloadAsync(
            files, new DownloadOptions { Progress = progress }, cancellation).ConfigureAwait(false);
        return downloaded[0].LocalPath;
    }

    private static MatrixException Unknown(string name, Catalogue known)
    {
        string[] names = [.. known.Models.Select(m => m.Id)];

        // A whole family is meant by its name alone: 'mistrall' by mistral-7b-v0.2 and its kin.
        string[] kin = NearestWord.Find(name, names) is { } near ? [near] : [.. names.Where(n => n.Contains('-', StringComparison.Ordinal) && NearestWord.Find(name, [n.Split('-')[0]]) is not null)];
        string meant = kin.Length == 0 ? "" : $"did you mean {string.Join(" or ", kin.Select(k => $"'{k}'"))}? ";
        return Wrong($"there is no such file and no model '{name}'", $"{meant}models of the catalogue: {string.Join(", ", names)}; or {Forms}");
    }

    private static MatrixException Wrong(string message, string remedy, string field = Field) => new(new Diagnostic(message, remedy, Field: field));

    /// <summary>What is said of a path that is none.</summary>
    internal static MatrixException NoFile(string model)
    {
        if (!Directory.Exists(model))
            return Wrong($"there is no such file: {model}", Forms);
        (string what, string remedy) = ModelConverter.WhyNoModel(model);
        return Wrong($"'{model}' is a directory without a config.json{what}", remedy);
    }

    /// <summary>Whether a text can only be meant as a path.</summary>
    internal static bool LooksLikePath(string model) =>
        model.Contains('/', StringComparison.Ordinal) || model.Contains('\\', StringComparison.Ordinal)
        || model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) || model is "." or "..";
}
