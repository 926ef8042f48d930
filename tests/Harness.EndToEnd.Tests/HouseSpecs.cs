using System.Text.RegularExpressions;
using System.Xml.Linq;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>The rules of the house: who may know whom, and what lies where.</summary>
internal sealed partial class HouseSpecs
{
    /// <summary>The arrows of the design, and no others.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Cli"] = ["Runner", "Reporting", "Receipts", "Matrix", "Hub", "Conversion", "Formats", "Text", "Engine", "Workers"],
        ["Runner"] = ["Workers", "Hub", "Conversion", "Formats", "Text", "Matrix", "Receipts"],
        ["Reporting"] = ["Receipts", "Matrix"],
        ["Workers"] = ["Engine"],
        ["Engine"] = ["Text", "Formats"],
        ["Conversion"] = ["Text", "Formats"],
        ["Text"] = ["Formats"],
        ["Formats"] = [],
        ["Hub"] = [],
        ["Matrix"] = [],
        ["Receipts"] = [],
    };

    /// <summary>Adapters read the files and tokens that the engine below them reads.</summary>
    private static readonly Dictionary<string, string[]> KnownThrough = new() { ["Workers"] = ["Text", "Formats"] };

    private static readonly string[] TopLevel =
        ["src", "matrix", "reports", "tests", "templates", "harness.sln", "matrix.yaml", "README.md", "LICENSE", "global.json"];

    private static string Source { get; } = Path.Combine(Repository.Root, "src");

    private static IEnumerable<string> Projects =>
        Directory.EnumerateDirectories(Source, "Harness.*").Select(d => Path.GetFileName(d)["Harness.".Length..]).Order(StringComparer.Ordinal);

    [Test]
    public void EveryProjectOfTheSourcesHasItsPlaceInTheHouse() =>
        Assert.That(Projects, Is.SubsetOf(Arrows.Keys), "a new project: say here, and in the design, whom it may know");

    [TestCaseSource(nameof(Projects))]
    public void AProjectReferencesOnlyWhatIsBelowIt(string project) =>
        Assert.That(References(project), Is.SubsetOf(Arrows[project]));

    [Test]
    public void NoProjectReachesItself()
    {
        var below = Projects.ToDictionary(p => p, p => new HashSet<string>(References(p)));
        for (bool grown = true; grown;)
        {
            grown = false;
            foreach (HashSet<string> known in below.Values)
                foreach (string further in known.SelectMany(k => below[k]).ToArray())
                    grown |= known.Add(further);
        }

        Assert.That(below.Where(p => p.Value.Contains(p.Key)).Select(p => p.Key), Is.Empty);
    }

    /// <summary>References pass through: what a project may not know would compile all the same.</summary>
    [TestCaseSource(nameof(Projects))]
    public void AProjectNamesOnlyWhatItMayKnow(string project)
    {
        HashSet<string> allowed = [project, .. Arrows[project], .. KnownThrough.GetValueOrDefault(project, [])];
        var wrong = new List<string>();
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Source, "Harness." + project), "*.cs", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(Source, file);
            if (relative.Split(Path.DirectorySeparatorChar) is [_, "bin" or "obj", ..]) continue;
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (line.TrimStart().StartsWith("//", StringComparison.Ordinal)) continue;
                foreach (Match match in Mention().Matches(line))
                {
                    if (Arrows.ContainsKey(match.Groups[1].Value) && !allowed.Contains(match.Groups[1].Value))
                        wrong.Add($"{relative}:{number}: {line.Trim()}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void TestsAreReferencedByNoSource() =>
        Assert.That(Projects.SelectMany(p => ProjectReferences(p)).Where(r => r.Contains("tests", StringComparison.Ordinal)), Is.Empty);

    [Test]
    public async Task NothingElseLiesAtTheTop()
    {
        IEnumerable<string> top = (await Repository.TrackedFilesAsync()).Select(f => f.Split('/')[0]).Distinct();
        Assert.That(
            top.Where(name => !TopLevel.Contains(name) && !name.StartsWith('.') && !BuildProperties().IsMatch(name)), Is.Empty);
    }

    [Test]
    public async Task NoFileNamesThisMachineOrAPackageSource()
    {
        string[] here = [Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)];
        var wrong = new List<string>();
        foreach (string file in await Repository.TrackedFilesAsync())
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(Repository.Root, file));
            if (bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0)) continue;
            string text = System.Text.Encoding.UTF8.GetString(bytes);
            if (here.FirstOrDefault(p => p.Length > 6 && text.Contains(p, StringComparison.Ordinal)) is { } path) wrong.Add($"{file}: {path}");
            wrong.AddRange(MachinePath().Matches(text).Select(m => $"{file}: {m.Value}"));
            wrong.AddRange(PackageSource().Matches(text).Select(m => $"{file}: {m.Value}"));
        }

        Assert.That(wrong, Is.Empty);
    }

    private static IEnumerable<string> References(string project) =>
        ProjectReferences(project).Select(r => Path.GetFileNameWithoutExtension(r)["Harness.".Length..]);

    private static IEnumerable<string> ProjectReferences(string project) =>
        XDocument.Load(Path.Combine(Source, "Harness." + project, $"Harness.{project}.csproj"))
            .Descendants("ProjectReference").Select(r => r.Attribute("Include")!.Value.Replace('\\', '/'));

    [GeneratedRegex(@"\bHarness\.([A-Z]\w+)")]
    private static partial Regex Mention();

    [GeneratedRegex(@"^(Directory\.[A-Za-z.]+\.(props|targets)|NuGet\.config)$")]
    private static partial Regex BuildProperties();

    [GeneratedRegex(@"(?<![\w.~$-])/(work|root|tmp)/[\w.-]+")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://[^\s""'/<>]*(registry|nuget|npmjs|pypi|artifact|nexus|proxy|pkgs|\.internal|\.local)\b[^\s""'<>]*", RegexOptions.IgnoreCase)]
    private static partial Regex PackageSource();
}
