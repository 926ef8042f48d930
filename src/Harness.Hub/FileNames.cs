using System.Text.RegularExpressions;

namespace Harness.Hub;

/// <summary>
/// Tells from a path what a file is for and how it is quantized. Repositories have no other way of saying it, and each
/// publisher names files in a way of its own.
/// </summary>
/// <param name="repo">The repository: a word of its own name says nothing about one of its files.</param>
internal sealed partial class FileNames(string repo)
{
    private static readonly string[] Adapters = ["lora", "qlora", "dora", "adapter", "adapters"];
    private static readonly string[] Drafts = ["draft", "drafter", "mtp", "nextn", "eagle", "eagle2", "eagle3", "medusa", "speculator", "dflash"];
    private static readonly string[] Importances = ["imatrix", "imat"];

    private readonly HashSet<string> _own = new(Words(repo), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a path.</summary>
    public (RepoFileKind Kind, QuantLabel? Quant) Read(string path)
    {
        if (Fragment().Match(path) is { Success: true } cut) return (RepoFileKind.Fragment, Quant(path[..cut.Index], out _));
        int dot = path.LastIndexOf('.');
        string extension = dot < 0 ? "" : path[dot..].ToLowerInvariant();
        if (extension is not (".gguf" or ".safetensors"))
        {
            // imatrix.dat, model.imatrix, imatrix_unsloth.gguf_file
            bool importance = extension is ".imatrix" || (extension is ".dat" or ".gguf_file" && Words(path).Any(IsImportance));
            return (importance ? RepoFileKind.ImportanceMatrix : RepoFileKind.Other, null);
        }

        QuantLabel? quant = Quant(path[..dot], out string name);
        string[] words = [.. Words(path[..dot]).Where(word => !_own.Contains(word))];
        string file = path[(path.LastIndexOf('/') + 1)..];
        RepoFileKind kind =
            path.Contains("mmproj", StringComparison.OrdinalIgnoreCase) ? RepoFileKind.Projector
            : Says(words, Adapters) ? RepoFileKind.Adapter
            : Says(words, Drafts) ? RepoFileKind.Draft
            : file.StartsWith("ggml-vocab", StringComparison.OrdinalIgnoreCase) ? RepoFileKind.Other
            : IsImportanceMatrix(file, name, quant) ? RepoFileKind.ImportanceMatrix
            : RepoFileKind.Weights;
        return (kind, quant);
    }

    /// <summary>The quantization of a path without its extension: the file's name tells, or else the nearest folder.</summary>
    private static QuantLabel? Quant(string stem, out string name)
    {
        string[] parts = stem.Split('/');
        if (QuantLabel.FindIn(ShardSet.WithoutNumber(parts[^1]), out name) is { } own) return own;
        for (int i = parts.Length - 2; i >= 0; i--)
        {
            if (QuantLabel.FindIn(parts[i], out _) is { } folder) return folder;
        }

        return null;
    }

    /// <summary>
    /// A matrix, or weights made with one: <c>imatrix.gguf</c> and <c>m-imatrix-F16.gguf</c> (made from F16) are
    /// matrices, <c>m-Q4_K_M-imat.gguf</c> and <c>m-imatrix-Q4_K_M.gguf</c> are weights.
    /// </summary>
    private static bool IsImportanceMatrix(string file, string rest, QuantLabel? quant)
    {
        if (Words(file).FirstOrDefault() is { } first && IsImportance(first)) return true;
        bool narrow = quant is { Name: not ("F16" or "BF16" or "F32") };
        return !narrow && (quant?.Flavour == "I1" || Words(rest).Any(IsImportance)) && Words(file).Any(IsImportance);
    }

    private static bool IsImportance(string word) => Importances.Contains(word, StringComparer.OrdinalIgnoreCase);

    private static bool Says(string[] words, string[] any) => words.Any(word => any.Contains(word, StringComparer.OrdinalIgnoreCase));

    private static string[] Words(string text) => text.Split(['/', '-', '_', '.', ' '], StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\.gguf(\.part\d+of\d+|-split-[a-z]+|\.split-?\d+|\.\d{3})$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Fragment();
}
