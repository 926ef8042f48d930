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
public sealed class ModelLocator(HubClient hub, Func<Catalogue> catalogue, string home, int threads)
{
    private const string HubPrefix = "hf:";

    /// <summary>Finds a model and brings its file here.</summary>
    /// <param name="model">What the command line says.</param>
    /// <param name="quant">The quantization, or null for the model's first default one.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <returns>The path of its file; of a sharded model, the first shard's.</returns>
    /// <exception cref="MatrixException">There is no such model; says what is near.</exception>
    /// <exception cref="HubException">The hub does not give it.</exception>
    public async Task<string> FindAsync(string model, string? quant = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        if (File.Exists(model)) return Path.GetFullPath(model);
        if (model.StartsWith(HubPrefix, StringComparison.Ordinal)) return await DownloadAsync(model[HubPrefix.Length..], quant, cancellation).ConfigureAwait(false);
        if (LooksLikePath(model)) throw NoFile(model);
        return await FromCatalogueAsync(model, quant, cancellation).ConfigureAwait(false);
    }

    private async Task<string> FromCatalogueAsync(string text, string? quant, CancellationToken cancellation)
    {
        string[] parts = text.Split(':', 2);
        quant = parts.Length == 2 ? parts[1] : quant;
        Catalogue known = catalogue();
        ModelEntry model = known.FindModel(parts[0]) ?? throw new MatrixException(new Diagnostic(
            $"there is no file and no model '{parts[0]}'",
            $"models of the catalogue: {string.Join(", ", known.Models.Select(m => m.Id))}; or give a path, or hf:owner/repo",
            Field: "MODEL"));
        string chosen = quant ?? model.DefaultQuants[0];
        if (model.FindQuant(chosen) is null)
        {
            throw new MatrixException(new Diagnostic(
                $"{model.Id} is not to be had at '{chosen}'", $"choose among {string.Join(", ", model.Quants.Select(q => q.Quantization.Name))}", Field: "MODEL"));
        }

        var files = new VariantFiles(hub, new MadeFiles(home, threads));
        return await files.GetAsync(Variant.Of(known, model, chosen), cancellation).ConfigureAwait(false);
    }

    private async Task<string> DownloadAsync(string text, string? quant, CancellationToken cancellation)
    {
        string[] at = text.Split('@', 2);
        string[] parts = at[0].Split('/', 3);
        if (parts.Length < 2)
            throw new MatrixException(new Diagnostic($"'hf:{text}' names no repository", "write hf:owner/repo, hf:owner/repo/file.gguf or hf:owner/repo@revision", Field: "MODEL"));
        IReadOnlyList<ResolvedFile> files = await hub.ResolveAsync(
            $"{parts[0]}/{parts[1]}", at.Length == 2 ? at[1] : null,
            new FileQuery { File = parts.Length == 3 ? parts[2] : null, Quant = quant }, cancellation).ConfigureAwait(false);
        return (await hub.DownloadAsync(files, cancellation: cancellation).ConfigureAwait(false))[0].LocalPath;
    }

    /// <summary>What is said of a path that is none.</summary>
    internal static MatrixException NoFile(string model) => new(new Diagnostic(
        $"there is no file '{model}'", "give a path that exists, hf:owner/repo, or a name of the catalogue", Field: "MODEL"));

    /// <summary>Whether a text can only be meant as a path.</summary>
    internal static bool LooksLikePath(string model) =>
        model.Contains('/', StringComparison.Ordinal) || model.Contains('\\', StringComparison.Ordinal)
        || model.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
}
