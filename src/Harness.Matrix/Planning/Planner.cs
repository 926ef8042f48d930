namespace Harness.Matrix;

/// <summary>
/// Makes a plan in three steps: choose along each axis, take the products, block what cannot be tried. Globs are matched
/// once for each name, never for each cell.
/// </summary>
internal sealed class Planner
{
    private readonly Catalogue _catalogue;
    private readonly Profile _profile;
    private readonly Selection _selection;
    private readonly Blocker _blocker;
    private readonly BackendAxis _backends;
    private readonly DiagnosticBag _bag = new();

    public Planner(Catalogue catalogue, MatrixFile matrix, Selection selection, EnvironmentFacts environment)
    {
        _catalogue = catalogue;
        _selection = selection;
        matrix.CheckNames(catalogue, _bag);
        _bag.ThrowIfAny();
        _profile = matrix.FindProfile(selection.Profile);
        _blocker = new(environment, catalogue);
        _backends = new(catalogue, environment);
    }

    public Plan Plan()
    {
        IReadOnlyList<Glob>? models = Globs(_selection.Models, "--model");
        IReadOnlyList<Glob>? quants = Globs(_selection.Quants, "--quant");
        IReadOnlyList<Glob>? backends = Globs(_selection.Backends, "--backend");
        IReadOnlyList<Glob>? hardware = Globs(_selection.Hardware, "--hardware");
        CatalogueNames names = new(_catalogue);
        CatalogueNames.Check(_bag, "model", names.Models, models, "--model");
        CatalogueNames.Check(_bag, "quantization", [.. Quantization.Names, MatrixFile.DefaultQuants], quants, "--quant");
        CatalogueNames.Check(_bag, "backend", _backends.Names, backends, "--backend");
        CatalogueNames.Check(_bag, "hardware", names.Hardware, hardware, "--hardware");
        _bag.ThrowIfAny();

        List<Group> groups = Groups(models, quants, backends, hardware);
        List<PlannedCell> cells = Cells(groups);
        if (cells.Count == 0) throw new MatrixException(Nothing());
        return new(_profile.Name, Part(cells), _selection.Shard);
    }

    private List<Glob>? Globs(IReadOnlyList<string>? texts, string option)
    {
        if (texts is null || texts.Count == 0) return null;
        List<Glob> globs = [];
        foreach (string text in texts)
        {
            if (Glob.TryParse(text, out Glob? glob, out string? fault)) globs.Add(glob);
            else _bag.Add(new Diagnostic($"{Wording.Quote(text)} is no pattern: {fault}", "a pattern is a name, in which * stands for any text, ? for one character and [abc] for one of several; quote it for the shell", Field: option));
        }

        return globs;
    }

    /// <summary>The products to take: those of the profile, narrowed or widened by the command line.</summary>
    private List<Group> Groups(IReadOnlyList<Glob>? models, IReadOnlyList<Glob>? quants, IReadOnlyList<Glob>? backends, IReadOnlyList<Glob>? hardware)
    {
        List<Group> groups = [];
        HashSet<string> inProfile = [];
        foreach (ProfileBlock block in _profile.Blocks)
        {
            List<BackendBuild> builds = backends is null ? _backends.Listed(block.Backends) : _backends.Chosen(backends, AllListed());
            List<string> apis = Apis(hardware ?? block.Hardware);
            foreach (Glob glob in block.Models)
            {
                foreach (ModelEntry model in _catalogue.Models)
                {
                    if (!glob.Matches(model.Id)) continue;
                    inProfile.Add(model.Id);
                    if (CellPattern.Any(models, model.Id)) groups.Add(new(model, Quants(model, quants ?? block.Quants), builds, apis));
                }
            }
        }

        if (models is null) return groups;
        List<BackendBuild> all = AllListed();
        List<BackendBuild> chosen = backends is null ? all : _backends.Chosen(backends, all);
        List<string> allApis = Apis(hardware ?? _profile.Blocks.SelectMany(block => block.Hardware).ToArray());
        foreach (Glob glob in models)
        {
            foreach (ModelEntry model in _catalogue.Models)
            {
                if (glob.Matches(model.Id) && inProfile.Add(model.Id))
                    groups.Add(new(model, quants is null ? model.DefaultQuants : Quants(model, quants), chosen, allApis));
            }
        }

        return groups;
    }

    private List<BackendBuild> AllListed() => _backends.Listed(_profile.Blocks.SelectMany(block => block.Backends).ToArray());

    private List<string> Apis(IReadOnlyList<Glob> globs) =>
        _catalogue.Hardware.Where(entry => CellPattern.Any(globs, entry.Api)).Select(entry => entry.Api).ToList();

    private static List<string> Quants(ModelEntry model, IReadOnlyList<Glob> globs)
    {
        List<string> quants = [];
        foreach (Glob glob in globs)
        {
            if (glob.IsLiteral && string.Equals(glob.Text, MatrixFile.DefaultQuants, StringComparison.OrdinalIgnoreCase))
            {
                quants.AddRange(model.DefaultQuants);
                continue;
            }

            int before = quants.Count;
            foreach (QuantSource source in model.Quants)
            {
                if (glob.Matches(source.Quantization.Name)) quants.Add(source.Quantization.Name);
            }

            // Asked for by name and not to be had: that is worth a blocked cell that says so.
            if (glob.IsLiteral && quants.Count == before) quants.Add(Quantization.Names.First(glob.Matches));
        }

        return quants;
    }

    private List<PlannedCell> Cells(List<Group> groups)
    {
        // The same variant can be reached through several groups: its cells stand together, each once.
        Dictionary<string, VariantCells> variants = new(StringComparer.Ordinal);
        List<VariantCells> order = [];
        foreach (Group group in groups)
        {
            foreach (string quant in group.Quants)
            {
                string id = group.Model.Id + "/" + quant;
                if (!variants.TryGetValue(id, out VariantCells? variant))
                {
                    variant = new(Variant.Create(_catalogue, group.Model, quant));
                    variants.Add(id, variant);
                    order.Add(variant);
                }

                foreach (BackendBuild build in group.Builds)
                {
                    foreach (string api in group.Hardware) variant.Add(build, api);
                }
            }
        }

        List<PlannedCell> cells = [];
        Dictionary<string, IReadOnlyList<PromptEntry>> prompts = new(StringComparer.Ordinal);
        foreach (VariantCells variant in order)
        {
            ModelEntry model = variant.Variant.Model;
            if (!prompts.TryGetValue(model.Id, out IReadOnlyList<PromptEntry>? asked))
            {
                asked = _catalogue.PromptsFor(model.Id).Where(prompt => CellPattern.Any(_profile.Prompts, prompt.Id)).ToArray();
                prompts.Add(model.Id, asked);
            }

            // The least helpful to change comes first: no other backend makes a file that is not published.
            Blocked? quant = Blocker.OfQuant(variant.Variant);
            Blocked? files = _blocker.OfFiles(variant.Variant, _profile.Options);
            foreach ((BackendBuild build, string api) in variant.Ordered())
            {
                Cell cell = new(model.Id, variant.Variant.Quant, build.Id, api);
                if (Excluded(cell)) continue;
                cells.Add(new(
                    cell, variant.Variant, build, asked, _profile.Options, _catalogue.ExpectationFor(cell),
                    quant ?? _blocker.OfBackend(build, api) ?? files)
                {
                    Conversation = _catalogue.ConversationFor(model.Id),
                });
            }
        }

        return cells;
    }

    private bool Excluded(Cell cell)
    {
        foreach (CellPattern exclude in _profile.Exclude)
        {
            if (exclude.Matches(cell)) return true;
        }

        return false;
    }

    /// <summary>Deals the variants out in turn, so that parts differ by one variant at most.</summary>
    private List<PlannedCell> Part(List<PlannedCell> cells)
    {
        if (_selection.Shard is not { } shard) return cells;
        List<PlannedCell> part = [];
        int variant = -1;
        Variant? current = null;
        foreach (PlannedCell cell in cells)
        {
            if (!ReferenceEquals(cell.Variant, current))
            {
                current = cell.Variant;
                variant++;
            }

            if (variant % shard.Count == shard.Index - 1) part.Add(cell);
        }

        return part;
    }

    private Diagnostic Nothing()
    {
        string[] chosen = new[]
        {
            Said("--model", _selection.Models), Said("--quant", _selection.Quants),
            Said("--backend", _selection.Backends), Said("--hardware", _selection.Hardware),
        }.OfType<string>().ToArray();
        return new(
            chosen.Length == 0
                ? $"the profile '{_profile.Name}' has no cells"
                : $"nothing is left of the profile '{_profile.Name}' with {string.Join(' ', chosen)}",
            "loosen one of the options, or look at the profile's lists and its 'exclude'; 'harness plan' without options shows what there is");

        static string? Said(string option, IReadOnlyList<string>? values) =>
            values is { Count: > 0 } ? option + " " + string.Join(",", values) : null;
    }

    private sealed record Group(ModelEntry Model, IReadOnlyList<string> Quants, IReadOnlyList<BackendBuild> Builds, IReadOnlyList<string> Hardware);

    private sealed class VariantCells(Variant variant)
    {
        private readonly HashSet<(BackendBuild, string)> _seen = new(ByReference.Instance);
        private readonly List<(BackendBuild Build, string Api)> _cells = [];

        public Variant Variant { get; } = variant;

        public void Add(BackendBuild build, string api)
        {
            if (_seen.Add((build, api))) _cells.Add((build, api));
        }

        public IEnumerable<(BackendBuild Build, string Api)> Ordered() => _cells
            .OrderBy(cell => cell.Build.Id)
            .ThenBy(cell => cell.Api == "cpu" ? "" : cell.Api, StringComparer.Ordinal);
    }

    /// <summary>Builds are compared as the objects they are: comparing their lists for each cell would be the plan's whole cost.</summary>
    private sealed class ByReference : IEqualityComparer<(BackendBuild Build, string Api)>
    {
        public static ByReference Instance { get; } = new();

        public bool Equals((BackendBuild Build, string Api) x, (BackendBuild Build, string Api) y) =>
            ReferenceEquals(x.Build, y.Build) && string.Equals(x.Api, y.Api, StringComparison.Ordinal);

        public int GetHashCode((BackendBuild Build, string Api) pair) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(pair.Build), pair.Api);
    }
}
