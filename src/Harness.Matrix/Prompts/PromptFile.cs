using System.Globalization;
using System.Text.RegularExpressions;
using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Reads <c>matrix/prompts/*.yaml</c>.</summary>
internal static class PromptFile
{
    private static readonly string[] Kinds = ["contains", "not-contains", "starts-with", "matches"];

    public static void Read(YamlNode root, DiagnosticBag bag, Action<PromptEntry, SourceMark> add, Action<ConversationEntry, SourceMark> addConversation)
    {
        if (FieldReader.Open(root, "", bag) is not { } file) return;
        ConversationFields.Read(file, addConversation);
        foreach (FieldReader reader in file.Maps("prompts", required: !file.Has("conversations")))
        {
            PromptEntry prompt = Prompt(reader);
            if (prompt.Id.Length > 0) add(prompt, reader.Mark);
        }

        file.Finish();
    }

    private static PromptEntry Prompt(FieldReader reader)
    {
        string id = CatalogueName.Read(reader, "id", "one-plus-one");
        string? text = reader.Text("text");
        List<int>? ids = Ids(reader);
        if (text is null && ids is null && !reader.Has("text"))
            reader.Report("text", "neither a text nor ids are given", "write \"text: '1+1='\" or 'ids: [1, 17, 42]'");
        else if (text is not null && ids is not null)
            reader.Report("ids", "both a text and ids are given", "keep one of the two");

        PromptEntry prompt = new(
            id,
            text,
            ids,
            reader.RequiredInteger("max-tokens", 1, 1_000_000, "8"),
            reader.Globs("models", required: true, example: "[nano]") ?? [],
            Expect(reader),
            Transcripts(reader),
            reader.Text("notes"));
        reader.Finish();
        return prompt;
    }

    private static List<int>? Ids(FieldReader reader)
    {
        if (!reader.Has("ids")) return null;
        List<int> ids = [];
        foreach (YamlNode item in reader.Items("ids"))
        {
            if (item is ScalarNode { Plain: true } scalar && int.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                ids.Add(id);
            else
                reader.Bag.Add(item.Mark, reader.PathOf("ids"), "a token id is a whole number from 0", "write digits only, as in [1, 17, 42]");
        }

        if (ids.Count == 0 && reader.Items("ids").Count == 0) reader.Report("ids", "the list is empty", "name at least one token id");
        return ids;
    }

    private static List<Predicate> Expect(FieldReader reader)
    {
        List<Predicate> predicates = [];
        foreach (FieldReader item in reader.Maps("expect"))
        {
            string? named = null;
            foreach (string kind in Kinds)
            {
                if (item.Text(kind) is not { } value) continue;
                if (named is not null)
                {
                    item.Report(kind, $"'{named}' and '{kind}' stand in one item", "begin a new item with '- ' for each condition");
                    continue;
                }

                named = kind;
                Predicate predicate = new((PredicateKind)Array.IndexOf(Kinds, kind), value);
                if (predicate.Kind == PredicateKind.Matches && Fault(value) is { } fault)
                    item.Report(kind, "this is no regular expression: " + fault, "write a .NET regular expression without look-around or back-references");
                else
                    predicates.Add(predicate);
            }

            int before = item.Bag.Count;
            item.Finish();
            if (named is null && item.Bag.Count == before)
                item.Bag.Add(item.Mark, reader.PathOf("expect"), "no condition is given", "write one of contains, not-contains, starts-with, matches");
        }

        return predicates;
    }

    private static string? Fault(string pattern)
    {
        try
        {
            _ = new Regex(pattern, Predicate.Options);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return e.Message;
        }
    }

    private static List<Transcript> Transcripts(FieldReader reader)
    {
        List<Transcript> transcripts = [];
        foreach (FieldReader item in reader.Maps("transcripts"))
        {
            transcripts.Add(new(
                item.RequiredText("model", "nano"), item.Text("quant"), item.RequiredText("engine", "llama-gguf 0.1.0"), item.RequiredText("text", "1+1=2")));
            item.Finish();
        }

        return transcripts;
    }
}
