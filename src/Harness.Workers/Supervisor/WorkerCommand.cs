namespace Harness.Workers;

/// <summary>How a worker process is started. No shell is involved: arguments arrive exactly as given.</summary>
/// <param name="FileName">A program: a path, or a name looked up in <c>PATH</c>.</param>
/// <param name="Arguments">Its arguments, without the program's own name.</param>
public sealed record WorkerCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>
    /// Variables set on top of the harness's own environment; a null value takes a variable out.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The directory the worker starts in, or null for the harness's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Whether the program ends with its parent by its own doing, as the harness's workers do.</summary>
    internal bool EndsWithParent { get; init; }

    /// <summary>
    /// A worker that is a second copy of the harness: <c>harness worker ENGINE…</c>.
    /// Runtime diagnostics are switched off there: a killed process would leave their sockets behind.
    /// </summary>
    /// <param name="executable">Path of the <c>harness</c> executable, or of <c>harness.dll</c> (then run by <c>dotnet</c>).</param>
    /// <param name="engine">What follows <c>worker</c>: <c>builtin</c>, or <c>llama.cpp</c> and a directory.</param>
    /// <returns>The command.</returns>
    public static WorkerCommand OfHarness(string executable, params string[] engine)
    {
        bool library = executable.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        string[] start = library ? [executable, "worker"] : ["worker"];
        Dictionary<string, string?> environment = [];
        if (System.Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") is null)
            environment["DOTNET_EnableDiagnostics"] = "0";
        return new WorkerCommand(library ? "dotnet" : executable, [.. start, .. engine])
        {
            Environment = environment,
            EndsWithParent = true,
        };
    }

    /// <summary>The command as a person would read it; for messages, not for a shell.</summary>
    /// <returns>File name and arguments, quoted where they hold spaces.</returns>
    public override string ToString() => string.Join(' ', Arguments.Prepend(FileName).Select(Quote));

    private static string Quote(string word) =>
        word.Length > 0 && !word.AsSpan().ContainsAny(" \t\r\n\"") ? word : $"\"{word}\"";
}
