using Harness.Matrix;

namespace Harness.Cli.Running;

/// <summary>What the command line asked <c>harness run</c> for.</summary>
internal sealed record RunRequest
{
    public required Selection Selection { get; init; }

    public string? Matrix { get; init; }

    public string? LlamaCpp { get; init; }

    public string? Out { get; init; }

    public int? Threads { get; init; }

    public bool Resume { get; init; }

    public bool Offline { get; init; }

    public bool Json { get; init; }

    /// <summary>The command that repeats this run.</summary>
    public string Command()
    {
        List<string> words = ["harness", "run"];
        Add("--model", Selection.Models);
        Add("--quant", Selection.Quants);
        Add("--backend", Selection.Backends);
        Add("--hardware", Selection.Hardware);
        if (Selection.Shard is { } shard) words.Add($"--shard {shard}");
        return string.Join(' ', words) + CellSuffix();

        void Add(string option, IReadOnlyList<string>? values)
        {
            foreach (string value in values ?? []) words.Add($"{option} {Quote(value)}");
        }
    }

    /// <summary>Options that a command repeating one cell needs besides its coordinates, with a leading space; or empty.</summary>
    public string CellSuffix()
    {
        string text = "";
        if (Matrix is not null) text += $" --matrix {Quote(Matrix)}";
        if (Selection.Profile != "default") text += $" --profile {Quote(Selection.Profile)}";
        if (LlamaCpp is not null) text += $" --llama-cpp {Quote(LlamaCpp)}";
        if (Threads is { } threads) text += $" --threads {threads.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        return text;
    }

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./@:+,=\\".Contains(c, StringComparison.Ordinal)) ? word : $"\"{word}\"";
}
