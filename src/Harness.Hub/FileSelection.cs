namespace Harness.Hub;

/// <summary>Turns a query into the files of a listing. Pure.</summary>
internal static class FileSelection
{
    /// <summary>Selects files, whole shard sets in order.</summary>
    /// <exception cref="HubException">Nothing fits, or more than one thing does; the message lists what is there.</exception>
    public static IReadOnlyList<RepoFile> Select(RepoListing listing, FileQuery query)
    {
        IReadOnlyList<RepoVariant> variants = RepoVariant.Of(listing);
        IReadOnlyList<RepoVariant> found = (query.File, query.Quant) switch
        {
            (null, null) => Default(listing, variants),
            (null, { } quant) => OfQuant([.. variants.Where(v => v.Kind == RepoFileKind.Weights)], quant),
            ({ } file, null) => Named(variants, file),
            ({ } file, { } quant) => OfQuant(Named(variants, file), quant),
        };

        string asked = Describe(query);
        string where = $"{listing.Repo}@{listing.Revision} (commit {listing.Commit})";
        if (found.Count == 0)
            throw Fragments(variants, query) is { } cut
                ? new HubException(HubFailure.NotFound, $"{asked} is there only cut by bytes, which no engine reads", where, cut)
                : new HubException(HubFailure.NotFound, $"no file fits {asked}", where, Offer(variants, query));
        bool isDefaultSafetensors = query is { File: null, Quant: null } && found[0].Has(".safetensors");
        if (found.Count > 1 && !isDefaultSafetensors)
            throw new HubException(
                HubFailure.Ambiguous, $"{found.Count} files fit {asked}", where,
                "name one with --file: " + List(found.Select(v => v.First)));
        foreach (RepoVariant variant in found)
            if (variant.Missing.Count > 0)
                throw new HubException(
                    HubFailure.NotFound, $"{variant.Missing.Count} shard(s) of {variant.First} are not in the repository", where,
                    "missing: " + List(variant.Missing) + "; choose another file or revision");

        return [.. found.SelectMany(v => v.Files), .. isDefaultSafetensors ? Companions(listing) : []];
    }

    /// <summary>Whether a file name carries a word that is no known quantization: whole, in any case.</summary>
    private static bool HasWord(string path, string quant)
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

    private static IReadOnlyList<RepoVariant> Default(RepoListing listing, IReadOnlyList<RepoVariant> variants)
    {
        RepoVariant[] weights = [.. variants.Where(v => v.Kind == RepoFileKind.Weights)];
        RepoVariant[] gguf = [.. weights.Where(v => v.IsGguf)];
        if (gguf.Length > 0)
            return gguf;
        // Some repositories keep the same weights twice, as one file and as shards; the index names the shards.
        RepoVariant[] safetensors = [.. weights.Where(v => v.Has(".safetensors") && !v.First.Contains('/'))];
        bool hasIndex = listing.Files.Any(f => f.Path.EndsWith(".safetensors.index.json", StringComparison.Ordinal));
        return safetensors.Where(v => v.IsSharded).ToArray() is { Length: > 0 } sharded && hasIndex ? sharded : safetensors;
    }

    private static IEnumerable<RepoFile> Companions(RepoListing listing) => listing.Files.Where(f =>
        !f.Path.Contains('/') && (f.Path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            || f.Path.EndsWith(".jinja", StringComparison.OrdinalIgnoreCase)
            || f.Path is "tokenizer.model" or "merges.txt" or "vocab.txt"));

    /// <summary>
    /// The variants of a quantization. A plain name means the plain files, and where there are none, those made in a way
    /// of their own (<c>UD-Q4_K_XL</c> for <c>Q4_K_XL</c>); a name that says how it was made means just that.
    /// </summary>
    private static IReadOnlyList<RepoVariant> OfQuant(IReadOnlyList<RepoVariant> variants, string quant)
    {
        if (QuantLabel.Parse(quant) is not { } wanted)
            return [.. variants.Where(v => HasWord(v.First, quant))];
        RepoVariant[] named = [.. variants.Where(v => v.Quant?.Name == wanted.Name)];
        // llama.cpp calls the mixture MXFP4_MOE; most of its files are named for the format alone.
        if (named.Length == 0 && wanted.Name is "MXFP4" or "MXFP4_MOE")
            named = [.. variants.Where(v => v.Quant?.Name is "MXFP4" or "MXFP4_MOE")];
        RepoVariant[] exact = [.. named.Where(v => v.Quant == wanted)];
        if (exact.Length > 0 || wanted.Flavour.Length > 0)
            return exact;
        // The same weights in both containers: this is asked of GGUF files.
        return named.Any(v => v.IsGguf) ? [.. named.Where(v => v.IsGguf)] : named;
    }

    private static IReadOnlyList<RepoVariant> Named(IReadOnlyList<RepoVariant> variants, string file)
    {
        foreach (StringComparison comparison in (ReadOnlySpan<StringComparison>)[StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase])
            if (variants.Where(v => v.Files.Any(f => f.Path.Equals(file, comparison))).ToArray() is { Length: > 0 } exact)
                return exact;
        if (!IsGlob(file))
            return [];
        return [.. variants.Where(v => v.Files.Any(f => FileQuery.Fits(f.Path, file)))];
    }

    /// <summary>What to do about fragments of the wanted quantization; null when there are none.</summary>
    private static string? Fragments(IReadOnlyList<RepoVariant> variants, FileQuery query)
    {
        if (query.Quant is not { } quant || QuantLabel.Parse(quant) is not { } wanted)
            return null;
        string[] cut = [.. variants.Where(v => v.Kind == RepoFileKind.Fragment && v.Quant?.Name == wanted.Name).Select(v => v.First)];
        return cut.Length == 0 ? null : "fetch the pieces with --file and join them in order, as with 'cat'; or choose another quantization or repository: " + List(cut);
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

    private static string Offer(IReadOnlyList<RepoVariant> sets, FileQuery query)
    {
        string[] paths = [.. sets.Where(s => s.Kind == RepoFileKind.Weights).Select(s => s.First)];
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
