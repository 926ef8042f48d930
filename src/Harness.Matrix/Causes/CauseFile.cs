using System.Text.RegularExpressions;
using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads <c>matrix/causes.yaml</c>.</summary>
internal static class CauseFile
{
    public static void Read(YamlNode root, DiagnosticBag bag, Action<Cause, SourceMark> add)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        foreach (FieldReader reader in file.Maps("causes", required: true))
        {
            string id = CatalogueName.Read(reader, "id", "unknown-architecture");
            List<CausePattern> when = [];
            foreach (FieldReader item in reader.Maps("when", required: true)) when.Add(Pattern(item));
            Cause cause = new(
                id,
                reader.RequiredText("title", "the build does not know this architecture"),
                when,
                reader.RequiredText("means", "…"),
                reader.RequiredText("do", "…"),
                [.. reader.Words("links").Select(link => link.Word)]);
            foreach ((string link, SourceMark mark) in reader.Words("links"))
            {
                if (!Uri.TryCreate(link, UriKind.Absolute, out Uri? address) || address.Scheme != "https")
                    bag.Add(mark, reader.PathOf("links"), $"{Wording.Quote(link)} is no address", "write it whole, as https://…");
            }

            CheckFacts(reader, cause, "means", cause.Meaning);
            CheckFacts(reader, cause, "do", cause.Advice);
            reader.Finish();
            if (id.Length > 0) add(cause, reader.Mark);
        }

        file.Finish();
    }

    private static CausePattern Pattern(FieldReader reader)
    {
        CausePattern pattern = new(
            Words(reader, "kinds", "kind", CausePattern.KnownKinds),
            Words(reader, "stages", "stage", CausePattern.KnownStages),
            [.. reader.Words("signals").Select(word => word.Word)],
            reader.Globs("backends"),
            reader.Globs("architectures"),
            Expression(reader, "message"),
            Expression(reader, "log"));
        int before = reader.Bag.Count;
        reader.Finish();
        if (before == reader.Bag.Count && pattern is { Kinds.Count: 0, Signals.Count: 0, Message: null, Log: null })
            reader.Bag.Add(reader.Mark, reader.PathOf("when"), "this would fit anything", "name kinds, signals, a message or a log");
        return pattern;
    }

    private static string[] Words(FieldReader reader, string field, string what, IReadOnlyList<string> known)
    {
        List<string> words = [];
        foreach ((string word, SourceMark mark) in reader.Words(field))
        {
            if (known.Contains(word)) words.Add(word);
            else reader.Bag.AddUnknown(mark, reader.PathOf(field), what, word, known);
        }

        return [.. words];
    }

    private static Regex? Expression(FieldReader reader, string field)
    {
        if (reader.Text(field) is not { } text) return null;
        try
        {
            return new Regex(text, Predicate.Options | RegexOptions.IgnoreCase);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            reader.Report(field, "this is no regular expression: " + e.Message, "write a .NET regular expression without look-around or back-references");
            return null;
        }
    }

    /// <summary>What is in braces must be a fact there is: common to all, or named by every pattern.</summary>
    private static void CheckFacts(FieldReader reader, Cause cause, string field, string text)
    {
        foreach (string fact in Cause.FactsIn(text))
        {
            if (Cause.CommonFacts.Contains(fact) || cause.When.All(pattern => Groups(pattern).Contains(fact))) continue;
            string[] known = [.. Cause.CommonFacts, .. cause.When.SelectMany(Groups).Distinct()];
            reader.Report(field, $"there is no fact {{{fact}}}", $"{Wording.NearestOf(fact, known)}; a named group of each pattern is one too");
        }
    }

    private static IEnumerable<string> Groups(CausePattern pattern) =>
        (pattern.Message?.GetGroupNames() ?? []).Concat(pattern.Log?.GetGroupNames() ?? []).Where(name => !char.IsAsciiDigit(name[0]));
}
