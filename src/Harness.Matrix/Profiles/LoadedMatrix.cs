namespace Harness.Matrix;

/// <summary>A matrix with its catalogue, checked against each other.</summary>
/// <param name="File">The matrix.</param>
/// <param name="Catalogue">The catalogue.</param>
public sealed record LoadedMatrix(MatrixFile File, Catalogue Catalogue)
{
    /// <summary>Reads a matrix and the catalogue it names.</summary>
    /// <param name="path">The matrix file.</param>
    /// <exception cref="MatrixException">With every mistake found in the matrix and in all files of the catalogue.</exception>
    public static LoadedMatrix Load(string path)
    {
        DiagnosticBag bag = new();
        MatrixFile? file = MatrixFile.Read(path, bag);
        Catalogue? catalogue = file is null ? null : CatalogueReader.Read(file.CatalogueDirectory, bag);
        if (bag.Count == 0) file!.CheckNames(catalogue!, bag);
        bag.ThrowIfAny();
        return new(file!, catalogue!);
    }
}
