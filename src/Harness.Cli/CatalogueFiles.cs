using Harness.Matrix;

namespace Harness.Cli;

/// <summary>
/// Where the matrix, the catalogue, the templates and the reports are: in the checkout one stands in, or carried beside
/// the executable.
/// </summary>
internal static class CatalogueFiles
{
    /// <summary>Name of the matrix; the folder that holds it is the checkout.</summary>
    private const string MatrixName = "matrix.yaml";

    /// <summary>What is carried beside the executable: matrix, catalogue and templates, laid out as in a checkout.</summary>
    public static string Carried { get; } = Path.Combine(AppContext.BaseDirectory, "catalogue");

    /// <summary>The matrix file: the one named; else the nearest in this directory or above; else the one carried.</summary>
    /// <param name="named">What the command line names, or null.</param>
    /// <returns>The path; a named one is returned as it is, whether or not it exists.</returns>
    /// <exception cref="MatrixException">There is no matrix anywhere.</exception>
    public static string Matrix(string? named) => Matrix(named, Environment.CurrentDirectory, Carried);

    /// <inheritdoc cref="Matrix(string?)"/>
    /// <param name="named">What the command line names, or null.</param>
    /// <param name="directory">Where to begin looking.</param>
    /// <param name="carried">What is carried.</param>
    internal static string Matrix(string? named, string directory, string carried)
    {
        if (named is not null) return named;
        string path = Path.Combine(Checkout(directory) ?? carried, MatrixName);
        return File.Exists(path) ? path : throw new MatrixException(new Diagnostic(
            $"there is no {MatrixName} in this directory or above it", "go to a checkout of the harness, or name one with --matrix FILE"));
    }

    /// <summary>Reads the catalogue of the matrix one stands in.</summary>
    /// <exception cref="MatrixException">It is wrong, or there is none.</exception>
    public static Catalogue Catalogue() => LoadedMatrix.Load(Matrix(null)).Catalogue;

    /// <summary>A template: beside the catalogue when it is there, else the one carried.</summary>
    /// <param name="catalogueDirectory">The catalogue's directory.</param>
    /// <param name="name">The template's file name.</param>
    public static string Template(string catalogueDirectory, string name)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(catalogueDirectory)) ?? "", "templates", name);
        if (File.Exists(beside)) return beside;
        string carried = Path.Combine(Carried, "templates", name);
        return File.Exists(carried)
            ? carried
            : throw new CommandException(ExitStatus.Usage, $"there is no template {name}", beside, "Restore templates/ from the repository.");
    }

    /// <summary>The folder for reports: that of the checkout one stands in, else <c>reports</c> here.</summary>
    public static string ReportsFolder() => Path.Combine(Checkout(Environment.CurrentDirectory) ?? Environment.CurrentDirectory, "reports");

    private static string? Checkout(string directory)
    {
        for (DirectoryInfo? folder = new(directory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, MatrixName))) return folder.FullName;
        }

        return null;
    }
}
