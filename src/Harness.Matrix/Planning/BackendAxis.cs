namespace Harness.Matrix;

/// <summary>The backends there are: those the catalogue lists, and those found installed.</summary>
internal sealed class BackendAxis
{
    private readonly List<BackendBuild> _builds;
    private readonly HashSet<BackendId> _installed;

    public BackendAxis(Catalogue catalogue, EnvironmentFacts environment)
    {
        _builds = catalogue.Backends.SelectMany(backend => backend.Builds).ToList();
        _installed = [.. environment.InstalledBackends];
        foreach (BackendId id in environment.InstalledBackends.Distinct())
        {
            if (_builds.Exists(build => build.Id.Equals(id))) continue;
            BackendEntry? engine = catalogue.Backends.FirstOrDefault(backend => backend.Engine == id.Engine);
            _builds.Add(new(id, engine?.Hardware ?? ["cpu"], [environment.Platform], [], IsListed: false));
        }

        _builds.Sort((a, b) => a.Id.CompareTo(b.Id));
        Names = _builds.Select(build => build.Id.ToString()).Concat(_builds.Select(build => build.Id.Engine)).Distinct().ToArray();
    }

    /// <summary>Backends as they may be written on the command line.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>What lists of a profile mean: unversioned is every version the catalogue lists.</summary>
    public List<BackendBuild> Listed(IReadOnlyList<Glob> globs) =>
        _builds.Where(build => build.IsListed && CellPattern.AnyBackend(globs, build.Id)).ToList();

    /// <summary>
    /// What the command line means: with a version exactly that; without one, every version the profile lists or that is
    /// installed, and all listed ones for an engine of which neither has any.
    /// </summary>
    public List<BackendBuild> Chosen(IReadOnlyList<Glob> globs, IReadOnlyList<BackendBuild> ofProfile)
    {
        List<BackendBuild> chosen = [];
        foreach (Glob glob in globs)
        {
            List<BackendBuild> matched = _builds.FindAll(build => build.Id.MatchedBy(glob));
            if (glob.Text.Contains('@', StringComparison.Ordinal))
            {
                chosen.AddRange(matched);
                continue;
            }

            foreach (IGrouping<string, BackendBuild> engine in matched.GroupBy(build => build.Id.Engine))
            {
                List<BackendBuild> near = engine.Where(build => build.IsBuiltIn || _installed.Contains(build.Id) || ofProfile.Contains(build)).ToList();
                chosen.AddRange(near.Count > 0 ? near : engine);
            }
        }

        return chosen.Distinct().ToList();
    }
}
