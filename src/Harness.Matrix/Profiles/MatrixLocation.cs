namespace Harness.Matrix;

/// <summary>Where the matrix is.</summary>
public static class MatrixLocation
{
    /// <summary>Name of the file looked for.</summary>
    public const string FileName = "matrix.yaml";

    /// <summary>
    /// The matrix named explicitly; else the first <c>matrix.yaml</c> in the current directory or one above it; else the
    /// copy carried beside the executable.
    /// </summary>
    /// <param name="named">What the command line names, or null.</param>
    /// <param name="currentDirectory">Where to begin looking.</param>
    /// <param name="carriedDirectory">The directory carried with the program, or null.</param>
    /// <returns>The path; a named one is returned as it is, whether or not it exists.</returns>
    /// <exception cref="MatrixException">There is no matrix anywhere.</exception>
    public static string Find(string? named, string currentDirectory, string? carriedDirectory)
    {
        if (named is not null) return named;
        for (DirectoryInfo? directory = new(currentDirectory); directory is not null; directory = directory.Parent)
        {
            string path = Path.Combine(directory.FullName, FileName);
            if (File.Exists(path)) return path;
        }

        if (carriedDirectory is not null && Path.Combine(carriedDirectory, FileName) is var carried && File.Exists(carried)) return carried;
        throw new MatrixException(new Diagnostic(
            $"there is no {FileName} in this directory or above it", "go to a checkout of the harness, or name one with --matrix FILE"));
    }
}
