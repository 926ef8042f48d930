namespace Harness.Matrix;

/// <summary>Every name a catalogue gives, and the check that globs over them match something.</summary>
internal sealed class CatalogueNames(Catalogue catalogue)
{
    public IReadOnlyList<string> Models { get; } = catalogue.Models.Select(model => model.Id).ToArray();

    public IReadOnlyList<string> Prompts { get; } = catalogue.Prompts.Select(prompt => prompt.Id).ToArray();

    public IReadOnlyList<string> Hardware { get; } = catalogue.Hardware.Select(entry => entry.Api).ToArray();

    public IReadOnlyList<BackendId> Builds { get; } = catalogue.Backends.SelectMany(backend => backend.Builds).Select(build => build.Id).ToArray();

    /// <summary>Backends as they may be written: each build, and each engine without one.</summary>
    public IReadOnlyList<string> Backends { get; } = catalogue.Backends
        .SelectMany(backend => backend.Builds.Select(build => build.Id.ToString()).Append(backend.Engine)).Distinct().ToArray();

    public void Check(DiagnosticBag bag, CellPattern cells)
    {
        Check(bag, "model", Models, cells.Models, "models");
        Check(bag, "quantization", Quantization.Names, cells.Quants, "quants");
        Check(bag, "backend", Backends, cells.Backends, "backends");
        Check(bag, "hardware", Hardware, cells.Hardware, "hardware");
    }

    /// <summary>Reports each glob that matches no name.</summary>
    public static void Check(DiagnosticBag bag, string what, IReadOnlyCollection<string> names, IEnumerable<Glob>? globs, string field)
    {
        foreach (Glob glob in globs ?? [])
        {
            bool matches = false;
            foreach (string name in names)
            {
                if (!(matches = glob.Matches(name))) continue;
                break;
            }

            if (!matches) Report(bag, what, names, glob, field);
        }
    }

    public static void Report(DiagnosticBag bag, string what, IReadOnlyCollection<string> names, Glob glob, string field)
    {
        string message = glob.IsLiteral ? $"unknown {what} {Wording.Quote(glob.Text)}" : $"no {what} matches {Wording.Quote(glob.Text)}";
        bag.Add(new Diagnostic(message, Wording.NearestOf(glob.Text, names), glob.Mark?.File, glob.Mark?.Line ?? 0, glob.Mark?.Column ?? 0, field));
    }
}
