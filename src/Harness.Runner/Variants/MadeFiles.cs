using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Harness.Conversion;
using Harness.Formats.Forging;
using Harness.Formats.Quantizing;
using Harness.Matrix;
using Harness.Receipts;

namespace Harness.Runner.Variants;

/// <summary>
/// Files the harness makes itself, kept under its home: probes by recipe, quantized files by the digest of their
/// parent. The same recipe always gives the same bytes, so a file that is there is taken as it is; its digest is
/// computed anew each time and stands in the receipt.
/// </summary>
/// <param name="home">The harness's home.</param>
/// <param name="threads">Threads to quantize with.</param>
internal sealed class MadeFiles(string home, int threads)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>The probe of a variant, forged when it is not there.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="cancellation">Ends the wait for another process that makes it.</param>
    public Task<string> ForgedAsync(Variant variant, CancellationToken cancellation)
    {
        ModelEntry model = variant.Model;
        string pre = model.PreTokenizer is { } named ? $"-pre-{named}" : "";
        string name = string.Create(
            CultureInfo.InvariantCulture, $"probe-{model.Architecture}-{variant.Quant}-seed{model.Seed}{pre}-v{ProbeForge.Version}.gguf");
        return OnceAsync(
            Path.Combine(home, "models", "forged", name),
            path => ProbeForge.Write(model.Architecture, variant.Quant, model.Seed, path, preTokenizer: model.PreTokenizer), cancellation);
    }

    /// <summary>A file quantized from its parent, made when it is not there.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="parentPath">The parent's file.</param>
    /// <param name="parentSha256">The parent's digest (hex).</param>
    /// <param name="cancellation">Ends the work.</param>
    public Task<string> QuantizedAsync(Variant variant, string parentPath, string parentSha256, CancellationToken cancellation)
    {
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{variant.Model.Id}-{variant.Quant}-from-{parentSha256[..16]}-v{ModelQuantizer.Version}.gguf");
        return OnceAsync(
            Path.Combine(home, "models", "quantized", name),
            path => ModelQuantizer.Quantize(parentPath, path, variant.Quant, threads, cancellation), cancellation);
    }

    /// <summary>
    /// A model directory converted to one file, made when it is not there: known by the digests of all the files that
    /// decide its bytes.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="type">The type of its matrices, one of <see cref="ModelConverter.Types"/>.</param>
    /// <param name="progress">Told how far the file is, or null.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="ConversionException">It cannot be converted.</exception>
    public async Task<string> ConvertedAsync(string directory, string type, IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
        string digest = await DigestAsync(directory, cancellation).ConfigureAwait(false);
        string file = string.Create(CultureInfo.InvariantCulture, $"{name}-{type}-from-{digest}-v{ModelConverter.Version}.gguf");
        var options = new ConversionOptions { Type = type, Threads = threads, Name = name, Progress = progress };
        return await OnceAsync(
            Path.Combine(home, "models", "converted", file),
            path => ModelConverter.Convert(directory, path, options, cancellation), cancellation).ConfigureAwait(false);
    }

    /// <summary>The files of a model directory with their digests, in order of name.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<IReadOnlyList<FileDigest>> DigestsAsync(string directory, CancellationToken cancellation)
    {
        var digests = new List<FileDigest>();
        foreach (string path in ModelConverter.FilesOf(directory))
            digests.Add(new FileDigest(Path.GetFileName(path), await VariantFiles.Sha256Async(path, cancellation).ConfigureAwait(false), new FileInfo(path).Length));
        return digests;
    }

    /// <summary>The tool that converted files, as receipts name it.</summary>
    public static string Converter { get; } = string.Create(CultureInfo.InvariantCulture, $"harness converter v{ModelConverter.Version}");

    private static async Task<string> DigestAsync(string directory, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        foreach (FileDigest file in await DigestsAsync(directory, cancellation).ConfigureAwait(false))
            text.Append(file.Name).Append(' ').Append(file.Sha256).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }

    /// <summary>The tool that made quantized files, as receipts name it.</summary>
    public static string Tool { get; } = string.Create(CultureInfo.InvariantCulture, $"harness quantizer v{ModelQuantizer.Version}");

    /// <summary>Makes a file unless it is there: runs side by side, as shards are, make it once.</summary>
    private static async Task<string> OnceAsync(string path, Action<string> make, CancellationToken cancellation)
    {
        if (File.Exists(path)) return path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream held = await HoldAsync(path + ".lock", cancellation).ConfigureAwait(false);
        if (!File.Exists(path)) make(path);
        return path;
    }

    private static async Task<FileStream> HoldAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                // Held by the system for as long as the process lives, whatever becomes of it.
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeldElsewhere(e))
            {
                await Task.Delay(LookAgain, cancellation).ConfigureAwait(false);
            }
        }
    }

    // ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows; EWOULDBLOCK, 11 on Linux and 35 on macOS and BSD.
    private static bool IsHeldElsewhere(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) is 32 or 33
        : e.HResult is 11 or 35;
}
