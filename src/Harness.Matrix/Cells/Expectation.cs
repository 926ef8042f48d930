using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>A set of cells that are expected to work; only these turn the exit status to 1.</summary>
/// <param name="Cells">The set.</param>
/// <param name="Except">Sets taken out of it.</param>
/// <param name="Because">Why this is expected, or null.</param>
public sealed record Expectation(CellPattern Cells, IReadOnlyList<CellPattern> Except, string? Because)
{
    /// <summary>Whether a cell is expected to work by this.</summary>
    /// <param name="cell">The cell.</param>
    public bool Covers(Cell cell)
    {
        if (!Cells.Matches(cell)) return false;
        foreach (CellPattern except in Except)
        {
            if (except.Matches(cell)) return false;
        }

        return true;
    }

    internal static void ReadFile(YamlNode root, DiagnosticBag bag, List<Expectation> expectations)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        foreach (FieldReader reader in file.Maps("works", required: true))
        {
            CellPattern cells = CellPattern.Read(reader);
            List<CellPattern> except = [];
            foreach (FieldReader item in reader.Maps("except"))
            {
                except.Add(CellPattern.Read(item));
                item.Finish();
            }

            expectations.Add(new(cells, except, reader.Text("because")));
            reader.Finish();
        }

        file.Finish();
    }
}
