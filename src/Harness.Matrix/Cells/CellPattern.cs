using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>A set of cells, by globs on each coordinate; an absent coordinate means any.</summary>
/// <param name="Models">Globs over model ids, or null for all.</param>
/// <param name="Quants">Globs over quantizations, or null for all.</param>
/// <param name="Backends">Globs over backends, or null for all; an unversioned one means every version.</param>
/// <param name="Hardware">Globs over hardware APIs, or null for all.</param>
public sealed record CellPattern(
    IReadOnlyList<Glob>? Models, IReadOnlyList<Glob>? Quants, IReadOnlyList<Glob>? Backends, IReadOnlyList<Glob>? Hardware)
{
    /// <summary>Whether a cell is in the set.</summary>
    /// <param name="cell">The cell.</param>
    public bool Matches(Cell cell) =>
        Any(Models, cell.Model) && Any(Quants, cell.Quant) && Any(Hardware, cell.Hardware) && AnyBackend(Backends, cell.Backend);

    internal static CellPattern Read(FieldReader reader) => new(
        reader.Globs("models"), reader.Globs("quants"), reader.Globs("backends"), reader.Globs("hardware"));

    internal static bool Any(IReadOnlyList<Glob>? globs, string name)
    {
        if (globs is null) return true;
        for (int i = 0; i < globs.Count; i++)
        {
            if (globs[i].Matches(name)) return true;
        }

        return false;
    }

    internal static bool AnyBackend(IReadOnlyList<Glob>? globs, BackendId backend)
    {
        if (globs is null) return true;
        for (int i = 0; i < globs.Count; i++)
        {
            if (backend.MatchedBy(globs[i])) return true;
        }

        return false;
    }
}
