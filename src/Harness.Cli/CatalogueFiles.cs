using Harness.Matrix;

namespace Harness.Cli;

/// <summary>Where the matrix, the templates and the reports are: in a checkout, or carried beside the executable.</summary>
internal static class CatalogueFiles
{
    /// <summary>What is carried beside the executable.</summary>
    public static string Carried { get; } = Path.Combine(AppContext.BaseDirectory, "catalogue");

    /// <summary>The matrix file.</summary>
    /// <param name="named">What the command line names, or null.</param>
    public static string Matrix(string? named) => MatrixLocation.Find(named, Environment.CurrentDirectory, Carried);

    /// <summary>A template: beside the catalogue when it is there, else the one carried.</summary>
    /// <param name="catalogueDirectory">The catalogue's directory.</param>
    /// <param name="name">The template's file name.</param>
    public static string Template(string catalogueDirectory, string name)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(catalogueDirectory)) ?? "", "templates", name);
        if (File.Exists(beside)) return beside;
        string carried = Path.Combine(AppContext.BaseDirectory, "templates", name);
        return File.Exists(carried)
            ? carried
            : throw new CommandException(ExitStatus.Usage, $"there is no template {name}", beside, "Restore templates/ from the repository.");
    }

    /// <summary>The folder for reports: that of the checkout one stands in, else <c>reports</c> here.</summary>
    public static string ReportsFolder()
    {
        for (DirectoryInfo? directory = new(Environment.CurrentDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, MatrixLocation.FileName)))
                return Path.Combine(directory.FullName, "reports");
        }

        return Path.Combine(Environment.CurrentDirectory, "reports");
    }
}
