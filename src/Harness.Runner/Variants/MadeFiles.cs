using System.Globalization;
using Harness.Formats.Forging;
using Harness.Formats.Quantizing;
using Harness.Matrix;

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
    /// <summary>The probe of a variant, forged when it is not there.</summary>
    public string Forged(Variant variant)
    {
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"probe-{variant.Model.Architecture}-{variant.Quant}-seed{variant.Model.Seed}-v{ProbeForge.Version}.gguf");
        string path = Path.Combine(home, "models", "forged", name);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ProbeForge.Write(variant.Model.Architecture, variant.Quant, variant.Model.Seed, path);
        }

        return path;
    }

    /// <summary>A file quantized from its parent, made when it is not there.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="parentPath">The parent's file.</param>
    /// <param name="parentSha256">The parent's digest (hex).</param>
    public string Quantized(Variant variant, string parentPath, string parentSha256)
    {
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{variant.Model.Id}-{variant.Quant}-from-{parentSha256[..16]}-v{ModelQuantizer.Version}.gguf");
        string path = Path.Combine(home, "models", "quantized", name);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ModelQuantizer.Quantize(parentPath, path, variant.Quant, threads);
        }

        return path;
    }

    /// <summary>The tool that made quantized files, as receipts name it.</summary>
    public static string Tool { get; } = string.Create(CultureInfo.InvariantCulture, $"harness quantizer v{ModelQuantizer.Version}");
}
