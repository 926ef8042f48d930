namespace Harness.Matrix;

/// <summary>The cells to try and those that will not be, in the order they are to be run.</summary>
/// <param name="Profile">Name of the profile.</param>
/// <param name="Cells">The cells; those of a variant stand together, backends from old to new.</param>
/// <param name="Shard">The part this is; null for the whole.</param>
public sealed record Plan(string Profile, IReadOnlyList<PlannedCell> Cells, Shard? Shard)
{
    /// <summary>Cells that will be tried.</summary>
    public int ToTry { get; } = Cells.Count(cell => cell.Blocked is null);

    /// <summary>Plans.</summary>
    /// <param name="catalogue">The catalogue.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="selection">What the command line chooses.</param>
    /// <param name="environment">What the machine has.</param>
    /// <returns>The plan; the same for the same arguments.</returns>
    /// <exception cref="MatrixException">The selection names what does not exist, or leaves nothing.</exception>
    public static Plan Create(Catalogue catalogue, MatrixFile matrix, Selection selection, EnvironmentFacts environment) =>
        new Planner(catalogue, matrix, selection, environment).Plan();
}
