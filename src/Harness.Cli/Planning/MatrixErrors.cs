using Harness.Matrix;

namespace Harness.Cli.Planning;

/// <summary>Says on stderr what is wrong with a matrix, a catalogue or a selection.</summary>
internal static class MatrixErrors
{
    /// <summary>Past this many a person reads none.</summary>
    private const int Shown = 20;

    /// <summary>Writes the mistakes.</summary>
    /// <returns>The exit status of a wrong command line.</returns>
    public static int Report(MatrixException exception, TextWriter error)
    {
        foreach (Diagnostic diagnostic in exception.Diagnostics.Take(Shown))
        {
            error.WriteLine("error: " + diagnostic.Message);
            if (Near(diagnostic).Where is { } where) error.WriteLine("  " + where);
            if (diagnostic.Remedy is { } remedy) error.WriteLine("  " + remedy);
        }

        int count = exception.Diagnostics.Count;
        if (count > Shown) error.WriteLine($"and {count - Shown} more mistakes");
        else if (count > 1) error.WriteLine($"{count} mistakes");
        return ExitStatus.Usage;
    }

    /// <summary>Names a file below the current directory by its short path: that is what an editor opens.</summary>
    private static Diagnostic Near(Diagnostic diagnostic)
    {
        if (diagnostic.File is not { } file || !Path.IsPathFullyQualified(file)) return diagnostic;
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, file);
        return relative.StartsWith("..", StringComparison.Ordinal) ? diagnostic : diagnostic with { File = relative };
    }
}
