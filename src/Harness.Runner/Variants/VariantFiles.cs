using System.Security.Cryptography;
using Harness.Conversion;
using Harness.Hub;
using Harness.Matrix;

namespace Harness.Runner.Variants;

/// <summary>Gets a variant's file onto this machine: downloaded, forged, quantized, or carried with the catalogue.</summary>
/// <param name="hub">The hub.</param>
/// <param name="made">Files the harness makes.</param>
/// <param name="progress">Told how far the downloads of <see cref="GetAsync"/> are.</param>
/// <param name="conversion">Told how far a conversion is.</param>
internal sealed class VariantFiles(
    HubClient hub, MadeFiles made, IProgress<HubProgress>? progress = null, IProgress<ConversionProgress>? conversion = null)
{
    /// <summary>The files the harness makes.</summary>
    public MadeFiles Made { get; } = made;

    /// <summary>The file of a variant that comes from no hub.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Its path; of a sharded model, the first shard's.</returns>
    /// <exception cref="FileNotFoundException">The catalogue names a file that is not there.</exception>
    public async Task<string> MakeAsync(Variant variant, CancellationToken cancellation)
    {
        switch (variant.Origin)
        {
            case VariantOrigin.Forged:
                return await Made.ForgedAsync(variant, cancellation).ConfigureAwait(false);
            case VariantOrigin.Quantized:
                string parent = await GetAsync(variant.Parent!, cancellation).ConfigureAwait(false);
                return await Made.QuantizedAsync(
                    variant, parent, await Sha256Async(parent, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            case VariantOrigin.Converted:
                return await Made.ConvertedAsync(variant.LocalFile!, variant.Quant, conversion, cancellation).ConfigureAwait(false);
            case VariantOrigin.Trained or VariantOrigin.Local when File.Exists(variant.LocalFile):
                return variant.LocalFile;
            case VariantOrigin.Local:
                throw new FileNotFoundException($"the file {variant.LocalFile} is gone");
            case VariantOrigin.Trained:
                throw new FileNotFoundException($"the catalogue's file {variant.Source!.File} is not there; restore it from the repository");
            default:
                throw new NotSupportedException($"files of origin {variant.Origin} cannot be made");
        }
    }

    /// <summary>The file of a variant, downloaded when it is a hub's.</summary>
    /// <inheritdoc cref="MakeAsync" path="/param"/>
    /// <inheritdoc cref="MakeAsync" path="/returns"/>
    public async Task<string> GetAsync(Variant variant, CancellationToken cancellation)
    {
        if (variant.Origin != VariantOrigin.Hub) return await MakeAsync(variant, cancellation).ConfigureAwait(false);
        IReadOnlyList<ResolvedFile> remote = await ResolveAsync(variant, cancellation).ConfigureAwait(false);
        return (await hub.DownloadAsync(remote, new DownloadOptions { Progress = progress }, cancellation).ConfigureAwait(false))[0].LocalPath;
    }

    /// <summary>The files of a hub's variant, pinned to commit and digest.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<IReadOnlyList<ResolvedFile>> ResolveAsync(Variant variant, CancellationToken cancellation) => hub.ResolveAsync(
        variant.Model.Repository!, variant.Model.Revision, new FileQuery { File = variant.Source!.File }, cancellation);

    /// <summary>The sha256 (hex) of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<string> Sha256Async(string path, CancellationToken cancellation)
    {
        await using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan | FileOptions.Asynchronous);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false));
    }
}
