using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Reporting;
using Harness.Workers;
using Harness.Workers.Backends;

namespace Harness.Cli;

/// <summary>Turns what went wrong into words on stderr and an exit status, the same way for every command.</summary>
internal static class CommandErrors
{
    /// <summary>Runs a command's work.</summary>
    /// <param name="act">The work; returns the exit status.</param>
    public static async Task<int> GuardAsync(Func<Task<int>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (CommandException e)
        {
            return Say(e.Status, e.Message, e.Where, e.Remedy);
        }
        catch (MatrixException e)
        {
            foreach (Diagnostic diagnostic in e.Diagnostics) Say(ExitStatus.Usage, diagnostic.Message, diagnostic.Where, diagnostic.Remedy);
            return ExitStatus.Usage;
        }
        catch (HubException e)
        {
            return Say(ExitStatus.Unexpected, e.What, e.Where, e.Advice);
        }
        catch (GgufException e)
        {
            return Say(ExitStatus.Unexpected, e.What, e.Where, e.Remedy);
        }
        catch (ForgeException e)
        {
            return Say(ExitStatus.Usage, e.What, e.Where, e.Remedy);
        }
        catch (BackendException e)
        {
            return Say(ExitStatus.Unexpected, e.Message, null, e.Remedy);
        }
        catch (WorkerException e)
        {
            return Say(
                e.Failure.Kind == WorkerFailureKind.HarnessError ? ExitStatus.HarnessFailed : ExitStatus.Unexpected,
                $"{e.Failure.KindName}: {e.Failure.Message}", null, null);
        }
        catch (ReceiptException e)
        {
            return Say(ExitStatus.Usage, e.Message, null, null);
        }
        catch (ReportException e)
        {
            return Say(ExitStatus.Usage, e.Message, null, null);
        }
        catch (OperationCanceledException)
        {
            // As a shell reports a program that Ctrl-C ended.
            return 130;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Say(ExitStatus.Usage, e.Message, null, "Give paths that exist and that you may read and write.");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Say(ExitStatus.HarnessFailed, $"the harness itself failed: {e.Message}", null, "Please report this, with what follows.");
            Console.Error.WriteLine(e.ToString());
            return ExitStatus.HarnessFailed;
        }
    }

    /// <summary>Says what was wrong, where, and what to do.</summary>
    /// <param name="status">The exit status, returned.</param>
    /// <param name="what">What was wrong.</param>
    /// <param name="where">Where, or null.</param>
    /// <param name="remedy">What to do, or null.</param>
    public static int Say(int status, string what, string? where, string? remedy)
    {
        Console.Error.WriteLine($"error: {what}");
        if (where is not null) Console.Error.WriteLine($"  {where}");
        if (remedy is not null) Console.Error.WriteLine($"  {remedy}");
        return status;
    }
}

/// <summary>A command that cannot go on.</summary>
internal sealed class CommandException(int status, string what, string? where = null, string? remedy = null) : Exception(what)
{
    /// <summary>The exit status.</summary>
    public int Status => status;

    /// <summary>Where it went wrong.</summary>
    public string? Where => where;

    /// <summary>What to do.</summary>
    public string? Remedy => remedy;
}
