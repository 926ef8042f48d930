using System.Runtime.CompilerServices;
using Harness.Formats.Gguf;
using Harness.Hub;
using Harness.Matrix;
using Harness.Runner;
using Harness.Runner.Fit;
using Harness.Runner.Inspection;
using Harness.Workers.Backends;

namespace Harness.Cli.Fitting;

/// <summary>A model that a command line named, and how it fits.</summary>
/// <param name="Model">As it was named.</param>
/// <param name="Fit">How it fits.</param>
/// <param name="Training">What training takes.</param>
/// <param name="Entry">Its entry of the catalogue, or null.</param>
internal sealed record FittedModel(string Model, ModelFit Fit, TrainingMemory Training, ModelEntry? Entry)
{
    // What people publish and ask for, where nobody says what there is.
    private static readonly string[] UsualQuants = ["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K"];

    /// <summary>Finds a model's header, or makes one of its published shape, and fits it.</summary>
    public static async Task<FittedModel> FindAsync(string model, string? quant, FitRequest request, CancellationToken cancellation)
    {
        if (ModelLocator.FindFile(model, quant) is null && !model.StartsWith(HubReference.Prefix, StringComparison.Ordinal)
            && OfCatalogue(model, quant, request) is { } known)
        {
            return known;
        }

        IReadOnlyList<GgufHeader> headers = await ReadAsync(model, quant, cancellation).ConfigureAwait(false);
        string own = MixtureOf(headers) ?? "this file";
        return new FittedModel(model, FitAnalyzer.Fit(headers, own, SizeSource.Header, UsualQuants, request), TrainingMemory.Of(headers), null);
    }

    private static FittedModel? OfCatalogue(string text, string? quant, FitRequest request)
    {
        string[] parts = text.Split(':', 2);
        Catalogue catalogue = CatalogueFiles.Catalogue();
        if (catalogue.FindModel(parts[0]) is not { Origin: VariantOrigin.Hub } entry) return null;
        string chosen = (parts.Length == 2 ? parts[1] : null) ?? quant ?? entry.DefaultQuants[0];
        if (Quantization.Find(chosen.ToUpperInvariant()) is not { } known)
        {
            throw new CommandException(
                ExitStatus.Usage, $"'{chosen}' is no quantization", "--quant", $"There are {string.Join(", ", Quantization.Names)}.");
        }

        if (CatalogueShape.HeaderOf(entry, known.Name) is not { } header) return null;
        ModelFit fit = FitAnalyzer.Fit([header], known.Name, SizeSource.Shape, entry.Quants.Select(q => q.Quantization.Name), request);
        return new FittedModel(text, fit, TrainingMemory.Of([header]), entry);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<IReadOnlyList<GgufHeader>> ReadAsync(string model, string? quant, CancellationToken cancellation)
    {
        using var hub = new HubClient(HubOptions.FromEnvironment());
        var locator = new ModelLocator(hub, CatalogueFiles.Catalogue, HarnessHome.Locate(), Environment.ProcessorCount);
        (_, IReadOnlyList<GgufHeader> headers) = await new HeaderReader(hub, CatalogueFiles.Catalogue, locator)
            .ReadAsync(model, quant, cancellation).ConfigureAwait(false);
        return headers;
    }

    private static string? MixtureOf(IReadOnlyList<GgufHeader> headers) =>
        headers[0].Metadata.TryGetNumber("general.file_type", out uint type) ? Harness.Formats.Quantizing.FileTypes.NameOf(type) : null;
}
