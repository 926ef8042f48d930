using System.Globalization;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Runner;
using Harness.Workers.Backends;

namespace Harness.Cli.Doctor;

/// <summary>The catalogue, what it names, and where the rest comes from.</summary>
internal static class CatalogueChecks
{
    /// <summary>Looks at matrix, catalogue, carried models, references and the backends of the default profile.</summary>
    /// <param name="hub">The hub's options, or null when they are wrong.</param>
    /// <param name="home">The harness's home.</param>
    public static IEnumerable<Finding> Look(HubOptions? hub, string home)
    {
        (LoadedMatrix? matrix, Finding finding) = Load();
        yield return finding;
        if (matrix is null) yield break;
        foreach (Finding next in Carried(matrix.Catalogue)) yield return next;
        yield return References(matrix.Catalogue.Directory);
        foreach (Finding next in Backends(matrix, new EnvironmentProbe(hub?.CacheDirectory ?? home, home).Look(hub?.Offline ?? false), new BackendStore(home)))
            yield return next;
    }

    /// <summary>The hub's settings; the hub itself is not asked.</summary>
    public static (HubOptions? Options, Finding Finding) Hub()
    {
        try
        {
            HubOptions options = HubOptions.FromEnvironment();
            string token = options.TokenSource is { } source ? $"a token is set ({source})" : "no token, so gated models are refused";
            string offline = options.Offline ? "; offline: only the cache is used" : "";
            return (options, Finding.Ok("hub", $"{options.DisplayEndpoint}, {token}{offline}"));
        }
        catch (HubException e)
        {
            return (null, Finding.Wrong("hub", e.What, e.Advice));
        }
    }

    private static (LoadedMatrix? Matrix, Finding Finding) Load()
    {
        const string name = "catalogue";
        try
        {
            LoadedMatrix matrix = LoadedMatrix.Load(CatalogueFiles.Matrix(null));
            return (matrix, Finding.Ok(name, string.Create(
                CultureInfo.InvariantCulture,
                $"{HomePath.Shorten(Path.GetFullPath(matrix.Catalogue.Directory))}, {matrix.Catalogue.Models.Count} models, {matrix.Catalogue.Backends.Sum(b => b.Builds.Count)} builds")));
        }
        catch (MatrixException e)
        {
            Diagnostic first = e.Diagnostics[0];
            string more = e.Diagnostics.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" (and {e.Diagnostics.Count - 1} more)") : "";
            return (null, Finding.Wrong(name, $"{first.Message}{(first.Where is { } where ? $" in {where}" : "")}{more}", "see 'harness plan'"));
        }
    }

    private static IEnumerable<Finding> Carried(Catalogue catalogue)
    {
        string[] absent =
        [
            .. catalogue.Models.SelectMany(model => model.Quants.Select(quant => Variant.Of(catalogue, model, quant.Quantization.Name)))
                .Where(variant => variant.LocalFile is { } file && !File.Exists(file)).Select(variant => variant.Id),
        ];
        if (absent.Length > 0)
            yield return Finding.Missing("carried models", $"no file of {string.Join(", ", absent)}", "restore matrix/ from the repository");
    }

    private static Finding References(string catalogueDirectory)
    {
        const string name = "references";
        try
        {
            int count = CommittedReferences.Read(catalogueDirectory).Count;
            return count > 0
                ? Finding.Ok(name, string.Create(CultureInfo.InvariantCulture, $"{count} committed receipts to compare with"))
                : Finding.Optional(name, "none are committed; comparisons need an installed llama.cpp");
        }
        catch (Exception e) when (e is ReceiptException or IOException or UnauthorizedAccessException)
        {
            return Finding.Wrong(name, e.Message, "restore matrix/references from the repository");
        }
    }

    private static IEnumerable<Finding> Backends(LoadedMatrix matrix, EnvironmentFacts facts, BackendStore store)
    {
        Plan plan = Plan.Create(matrix.Catalogue, matrix.File, new Selection(), facts);
        foreach (BackendBuild build in plan.Cells.Select(cell => cell.Build).Where(build => !build.IsBuiltIn).DistinctBy(build => build.Id))
        {
            string id = build.Id.ToString();
            string install = $"harness backends install {id}";
            if (store.Find(id) is { } installed)
                yield return Finding.Ok(id, $"installed, digest {installed.Provenance.Digest[..8]}");
            else if (build.FindPackage(facts.Platform, "cpu") is not { } package)
                yield return Finding.Optional(id, $"not installed, and there is no package for {facts.Platform}", "build llama.cpp, and give its directory with --llama-cpp DIR");
            else if (!facts.NpmPresent)
                yield return Finding.Optional(id, $"not installed, and npm, which gets {package.Name}@{package.Version}, is not here", $"install npm, then {install}");
            else
                yield return Finding.Optional(id, $"not installed; 'harness run' gets {package.Name}@{package.Version} unless --offline", install);
        }
    }
}
