namespace Harness.Hub;

/// <summary>Which files of a repository are meant.</summary>
/// <remarks>
/// With neither property: the one GGUF file (or shard set) there is, otherwise the safetensors weights at the root with
/// their configuration and tokenizer files.
/// </remarks>
public sealed record FileQuery
{
    /// <summary>A path, or a glob of <c>*</c> and <c>?</c> (case-insensitive; without <c>/</c> it is held against the file name).</summary>
    public string? File { get; init; }

    /// <summary>A quantization as written in file names, <c>Q4_K_M</c> or <c>q4_k_m</c>; whole words only.</summary>
    public string? Quant { get; init; }

    /// <summary>Whether a path is meant by a <see cref="File"/>.</summary>
    /// <param name="path">A path of a listing.</param>
    /// <param name="file">A path or a glob.</param>
    public static bool Fits(string path, string file) =>
        path.Equals(file, StringComparison.OrdinalIgnoreCase)
        || (FileSelection.IsGlob(file) && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(
            file, file.Contains('/') ? path : path[(path.LastIndexOf('/') + 1)..], ignoreCase: true));
}
