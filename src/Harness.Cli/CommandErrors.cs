using Harness.Conversion;
using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Formats.Quantizing;
using Harness.Formats.Safetensors;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Reporting;
using Harness.Text;
using Harness.Workers;
using Harness.Workers.Backends;

namespace Harness.Cli;

/// <summary>Turns what went wrong into words on stderr and an exit status, the same way for every command.</summary>
internal static class CommandErrors
{
    /// <summary>Past this many mistakes a person reads none.</summary>
    private const int Shown = 20;

    /// <summary>Runs a command's work.</summary>
    /// <param name="act">The work; returns the exit status.</param>
    public static async Task<int> GuardAsync(Func<Task<int>> act)
    {
        try
        {
            // On another thread, so that the caller listens for Ctrl-C while work goes on that awaits nothing.
            return await Task.Run(act).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Told in a method of its own: the libraries whose exceptions it knows are loaded only when one is thrown.
            return Tell(e);
        }
    }

    /// <summary>Runs a command's work that waits for nothing.</summary>
    /// <param name="act">The work; returns the exit status.</param>
    public static int Guard(Func<int> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Tell(e);
        }
    }

    /// <summary>Says what was wrong, where, and what to do.</summary>
    /// <param name="status">The exit status, returned.</param>
    /// <param name="what">What was wrong.</param>
    /// <param name="where">Where, or null.</param>
    /// <param name="remedy">What to do, or null.</param>
    public static int Say(int status, string what, string? where, string? remedy)
    {
        Console.Error.WriteLine($"error: {OneLine(what)}");
        if (where is not null) Console.Error.WriteLine($"  {OneLine(where)}");
        if (remedy is not null) Console.Error.WriteLine($"  {OneLine(remedy)}");
        return status;
    }

    private static int Tell(Exception exception) => exception switch
    {
        CommandException e => Say(e.Status, e.Message, e.Where, e.Remedy),
        MatrixException e => SayAll(e.Diagnostics),
        HubException e => Say(
            e.Failure is HubFailure.Usage or HubFailure.Ambiguous ? ExitStatus.Usage : ExitStatus.Unexpected, e.What, e.Where, e.Advice),
        GgufException e => Say(ExitStatus.Unexpected, e.What, e.Where, e.Remedy),
        ConversionException e => Say(ExitStatus.Unexpected, e.What, $"{e.Where}; {e.Step}", e.Remedy),
        SafetensorsException e => Say(ExitStatus.Unexpected, e.What, e.Where, e.Remedy),
        ForgeException e => Say(ExitStatus.Usage, e.What, e.Where, e.Remedy),
        QuantizeException e => Say(e.Where == "quantization" ? ExitStatus.Usage : ExitStatus.Unexpected, e.What, e.Where, e.Remedy),
        BackendException e => Say(ExitStatus.Unexpected, e.Message, null, e.Remedy),
        WorkerException { Failure: var failure } => Say(
            failure.Kind == WorkerFailureKind.HarnessError ? ExitStatus.HarnessFailed : ExitStatus.Unexpected,
            $"{failure.KindName}: {failure.Message}", null, null),
        TokenizerException e => Say(ExitStatus.Unexpected, e.Message, null, "Try a model with another tokenizer, or convert it again."),
        ReceiptException e => Say(ExitStatus.Usage, e.Message, null, null),
        ReportException e => Say(ExitStatus.Usage, e.Message, null, null),
        OperationCanceledException => Say(ExitStatus.Interrupted, "interrupted", null, "Run the same command again; of a download and of a run, what was finished is kept."),
        FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException =>
            Say(ExitStatus.Usage, exception.Message, null, "Give paths that exist and that you may read and write."),
        IOException e => Say(ExitStatus.Unexpected, e.Message, null, "Make room on the disk, or give another path."),
        _ => Unknown(exception),
    };

    private static int SayAll(IReadOnlyList<Diagnostic> mistakes)
    {
        foreach (Diagnostic mistake in mistakes.Take(Shown).Select(Near))
            Say(ExitStatus.Usage, mistake.Message, mistake.Where, mistake.Remedy);
        if (mistakes.Count > Shown) Console.Error.WriteLine($"and {mistakes.Count - Shown} more mistakes");
        else if (mistakes.Count > 1) Console.Error.WriteLine($"{mistakes.Count} mistakes");
        return ExitStatus.Usage;
    }

    /// <summary>Names a file below the current directory by its short path: that is what an editor opens.</summary>
    private static Diagnostic Near(Diagnostic mistake)
    {
        if (mistake.File is not { } file || !Path.IsPathFullyQualified(file)) return mistake;
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, file);
        return relative.StartsWith("..", StringComparison.Ordinal) ? mistake : mistake with { File = relative };
    }

    private static int Unknown(Exception exception)
    {
        Say(ExitStatus.HarnessFailed, $"the harness itself failed: {exception.Message}", null, "Please report this, with what follows.");
        Console.Error.WriteLine(exception);
        return ExitStatus.HarnessFailed;
    }

    // What a file or an option holds can break a line, or a terminal, as it can break anything else.
    private static string OneLine(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
