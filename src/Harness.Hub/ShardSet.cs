using System.Globalization;
using System.Text.RegularExpressions;

namespace Harness.Hub;

/// <summary>A file, or the shards <c>name-00001-of-0000N</c> of one, in order.</summary>
internal sealed partial record ShardSet(IReadOnlyList<RepoFile> Files, IReadOnlyList<string> Missing, bool IsSharded)
{
    /// <summary>Path of the first file that is there.</summary>
    public string First => Files[0].Path;

    /// <summary>Groups a listing's files.</summary>
    public static IReadOnlyList<ShardSet> Group(IReadOnlyList<RepoFile> files)
    {
        var sets = new List<ShardSet>();
        var sharded = new Dictionary<(string Stem, string Count, string Extension), List<(int Index, RepoFile File)>>();
        foreach (RepoFile file in files)
        {
            Match match = Shard().Match(file.Path);
            if (!match.Success)
            {
                sets.Add(new ShardSet([file], [], false));
                continue;
            }
            var key = (match.Groups[1].Value, match.Groups[3].Value, match.Groups[4].Value);
            if (!sharded.TryGetValue(key, out var members))
                sharded[key] = members = [];
            members.Add((int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), file));
        }
        foreach (((string stem, string count, string extension), List<(int Index, RepoFile File)> members) in sharded)
        {
            int total = int.Parse(count, CultureInfo.InvariantCulture);
            HashSet<int> present = [.. members.Select(m => m.Index)];
            // Only a handful of names is kept: the count is the file name's own word and may be 99999.
            string[] missing = [.. Enumerable.Range(1, total).Where(i => !present.Contains(i)).Take(32)
                .Select(i => string.Create(CultureInfo.InvariantCulture, $"{stem}-{i:D5}-of-{count}.{extension}"))];
            sets.Add(new ShardSet([.. members.OrderBy(m => m.Index).Select(m => m.File)], missing, true));
        }
        return [.. sets.OrderBy(s => s.First, StringComparer.Ordinal)];
    }

    /// <summary>Whether a path names one shard of several.</summary>
    public static bool IsShard(string path) => Shard().IsMatch(path);

    /// <summary>A name without its extension and the number of a shard.</summary>
    public static string WithoutNumber(string stem) => Number().Replace(stem, "");

    [GeneratedRegex(@"-\d{5}-of-\d{5}$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"^(.+)-(\d{5})-of-(\d{5})\.(gguf|safetensors)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Shard();
}
