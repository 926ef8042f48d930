using System.IO.Enumeration;

namespace Harness.Hub;

/// <summary>Turns a query into the files of a listing. Pure.</summary>
internal static class FileSelection
{
    /// <summary>Selects files, whole shard sets in order.</summary>
    /// <exception cref="HubException">Nothing fits, or more than one thing does; the message lists what is there.</exception>
    public static IReadOnlyList<RepoFile> Select(RepoListing listing, FileQuery query)
    {
        IReadOnlyList<ShardSet> sets = ShardSet.Group(listing.Files);
        IReadOnlyList<ShardSet> found = (query.File, query.Quant) switch
        {
            (null, null) => Default(listing, sets),
            (null, { } quant) => OfQuant(sets.Where(s => s.IsWeights), quant),
            ({ } file, null) => Named(sets, file),
            ({ } file, { } quant) => OfQuant(Named(sets, file), quant),
        };

        string asked = Describe(query);
        string where = $"{listing.Repo}@{listing.Revision} (commit {listing.Commit})";
        if (found.Count == 0)
            throw new HubException(HubFailure.NotFound, $"no file fits {asked}", where, Offer(sets, query));
        bool isDefaultSafetensors = query is { File: null, Quant: null } && found[0].First.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
        if (found.Count > 1 && !isDefaultSafetensors)
            throw new HubException(
                HubFailure.Ambiguous, $"{found.Count} files fit {asked}", where,
                "name one with --file: " + List(found.Select(s => s.First)));
        foreach (ShardSet set in found)
            if (set.Missing.Count > 0)
                throw new HubException(
                    HubFailure.NotFound, $"{set.Missing.Count} shard(s) of {set.First} are not in the repository", where,
                    "missing: " + List(set.Missing) + "; choose another file or revision");

        return [.. found.SelectMany(s => s.Files), .. isDefaultSafetensors ? Companions(listing) : []];
    }

    /// <summary>Whether a file name carries a quantization as a whole word: <c>Q4_K</c> is not in <c>Q4_K_M</c>, <c>F16</c> not in <c>BF16</c>.</summary>
    public static bool HasQuant(string path, string quant)
    {
        // A directory may carry it: "Q4_K_M/model-00001-of-00003.gguf".
        ReadOnlySpan<char> text = path.AsSpan(0, path.LastIndexOf('.') is var dot and > 0 ? dot : path.Length);
        string word = quant.Trim().Replace('-', '_');
        if (word.Length == 0)
            return false;
        for (int from = 0; from + word.Length <= text.Length; from++)
        {
            if (!Same(text.Slice(from, word.Length), word))
                continue;
            bool starts = from == 0 || text[from - 1] is '-' or '_' or '.' or '/' or ' ';
            int after = from + word.Length;
            if (starts && (after == text.Length || text[after] is '-' or '.' or '/' or ' '))
                return true;
        }
        return false;
    }

    private static bool Same(ReadOnlySpan<char> text, string word)
    {
        for (int i = 0; i < word.Length; i++)
            if (char.ToUpperInvariant(text[i] == '-' ? '_' : text[i]) != char.ToUpperInvariant(word[i]))
                return false;
        return true;
    }

    private static IReadOnlyList<ShardSet> Default(RepoListing listing, IReadOnlyList<ShardSet> sets)
    {
        ShardSet[] gguf = [.. sets.Where(s => s.IsWeights && s.Has(".gguf"))];
        if (gguf.Length > 0)
            return gguf;
        // Some repositories keep the same weights twice, as one file and as shards; the index names the shards.
        ShardSet[] safetensors = [.. sets.Where(s => s.Has(".safetensors") && !s.First.Contains('/'))];
        bool hasIndex = listing.Files.Any(f => f.Path.EndsWith(".safetensors.index.json", StringComparison.Ordinal));
        return safetensors.Where(s => s.IsSharded).ToArray() is { Length: > 0 } sharded && hasIndex ? sharded : safetensors;
    }

    private static IEnumerable<RepoFile> Companions(RepoListing listing) => listing.Files.Where(f =>
        !f.Path.Contains('/') && (f.Path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            || f.Path.EndsWith(".jinja", StringComparison.OrdinalIgnoreCase)
            || f.Path is "tokenizer.model" or "merges.txt" or "vocab.txt"));

    private static ShardSet[] OfQuant(IEnumerable<ShardSet> sets, string quant) =>
        [.. sets.Where(s => HasQuant(s.First, quant))];

    private static IReadOnlyList<ShardSet> Named(IReadOnlyList<ShardSet> sets, string file)
    {
        foreach (StringComparison comparison in (ReadOnlySpan<StringComparison>)[StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase])
            if (sets.Where(s => s.Files.Any(f => f.Path.Equals(file, comparison))).ToArray() is { Length: > 0 } exact)
                return exact;
        if (!IsGlob(file))
            return [];
        return [.. sets.Where(s => s.Files.Any(f =>
            FileSystemName.MatchesSimpleExpression(file, file.Contains('/') ? f.Path : f.Path[(f.Path.LastIndexOf('/') + 1)..], ignoreCase: true)))];
    }

    /// <summary>Whether a query's file is a pattern rather than a path.</summary>
    public static bool IsGlob(string file) => file.AsSpan().IndexOfAny('*', '?') >= 0;

    private static string Describe(FileQuery query) => (query.File, query.Quant) switch
    {
        (null, null) => "the repository's model (neither --file nor --quant was given)",
        ({ } file, null) => $"'{file}'",
        (null, { } quant) => $"quantization '{quant}'",
        ({ } file, { } quant) => $"'{file}' with quantization '{quant}'",
    };

    private static string Offer(IReadOnlyList<ShardSet> sets, FileQuery query)
    {
        string[] paths = [.. sets.Where(s => s.IsWeights).Select(s => s.First)];
        if (query.File is not null || paths.Length == 0)
            paths = [.. sets.Select(s => s.First)];
        if (paths.Length == 0)
            return "the repository is empty at this revision";
        string wanted = query.File ?? query.Quant ?? "";
        string? nearest = wanted.Length == 0 || IsGlob(wanted)
            ? null
            : paths.MinBy(p => query.File is null ? QuantDistance(p, wanted) : Distance(p.ToUpperInvariant(), wanted.ToUpperInvariant()));
        return (nearest is null ? "" : $"nearest: {nearest}; ") + "there are: " + List(paths);
    }

    private static int QuantDistance(string path, string quant) =>
        path.Split('-', '.', '/').Min(part => Distance(part.ToUpperInvariant(), quant.ToUpperInvariant()));

    private static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        const int shown = 20;
        return string.Join(", ", all.Take(shown).Select(n => Redaction.Text(n, null, 200)))
            + (all.Length > shown ? $" and {all.Length - shown} more" : "");
    }

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
