namespace Harness.Matrix.Tests;

/// <summary>The files this repository carries.</summary>
internal static class RepositoryFiles
{
    /// <summary>The repository's matrix, found above the test's own directory.</summary>
    public static string MatrixPath { get; } = Find();

    public static LoadedMatrix Load() => LoadedMatrix.Load(MatrixPath);

    private static string Find()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "harness.sln"))) return Path.Combine(directory.FullName, "matrix.yaml");
        }

        throw new DirectoryNotFoundException("the tests do not stand in a checkout of the repository");
    }
}
