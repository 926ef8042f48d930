using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>How cells are run.</summary>
/// <param name="ContextLength">Positions of the key-value cache, at least 8.</param>
/// <param name="Threads">Compute threads; null lets the harness choose.</param>
/// <param name="LoadTimeout">Most time to load.</param>
/// <param name="GenerateTimeout">Most time for one generation or scoring.</param>
/// <param name="SilenceTimeout">Most time a worker may say nothing while it works.</param>
/// <param name="MemoryLimitBytes">Most resident memory of a worker; null lets the harness choose.</param>
public sealed record RunOptions(
    int ContextLength, int? Threads, TimeSpan LoadTimeout, TimeSpan GenerateTimeout, TimeSpan SilenceTimeout, long? MemoryLimitBytes)
{
    /// <summary>A text whose perplexity trained models are measured on, a full path; null for none.</summary>
    public string? PerplexityText { get; init; }

    /// <summary>What holds when the matrix says nothing.</summary>
    public static RunOptions Default { get; } = new(
        512, null, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2), null);

    /// <summary>Reads the options that are written and takes the others from <paramref name="fallback"/>.</summary>
    internal static RunOptions Read(FieldReader? reader, RunOptions fallback)
    {
        if (reader is null) return fallback;
        int threads = reader.Integer("threads", 1, 1024, 0);
        RunOptions options = new(
            reader.Integer("context-length", 8, 1 << 24, fallback.ContextLength),
            threads == 0 ? fallback.Threads : threads,
            reader.Duration("load-timeout") ?? fallback.LoadTimeout,
            reader.Duration("generate-timeout") ?? fallback.GenerateTimeout,
            reader.Duration("silence-timeout") ?? fallback.SilenceTimeout,
            reader.Size("memory-limit") ?? fallback.MemoryLimitBytes)
        {
            PerplexityText = reader.Text("perplexity-text") is { } text ? TextPath(reader, text) : fallback.PerplexityText,
        };
        reader.Finish();
        return options;
    }

    // Beside the matrix, as all paths in it.
    private static string TextPath(FieldReader reader, string text)
    {
        string path = Path.GetFullPath(text, Path.GetDirectoryName(Path.GetFullPath(reader.Mark.File)) ?? ".");
        if (!File.Exists(path)) reader.Report("perplexity-text", $"there is no file {text}");
        return path;
    }
}
