namespace Harness.Text.HuggingFace;

/// <summary>The special tokens in front of a prompt and behind it.</summary>
/// <param name="Before">Ids in front.</param>
/// <param name="After">Ids behind.</param>
internal sealed record PromptTemplate(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>None.</summary>
    public static PromptTemplate None { get; } = new([], []);

    /// <summary>Reads the <c>post_processor</c> of a <c>tokenizer.json</c>, as it treats a single text.</summary>
    /// <param name="json">The post-processor.</param>
    /// <param name="find">Finds the id of a token, or −1.</param>
    public static PromptTemplate Read(JsonPlace json, Func<string, int> find)
    {
        switch (json.Type)
        {
            case "ByteLevel":
                return None;
            case "BertProcessing" or "RobertaProcessing":
                return new([Pair(json.Get("cls"))], [Pair(json.Get("sep"))]);
            case "Sequence":
                return json.Get("processors").Items().Select(p => Read(p, find))
                    .Aggregate(None, (all, next) => new([.. next.Before, .. all.Before], [.. all.After, .. next.After]));
            case "TemplateProcessing":
                return ReadTemplate(json, find);
            default:
                throw json.Unknown("post-processor");
        }
    }

    private static int Pair(JsonPlace json)
    {
        JsonPlace[] items = [.. json.Items()];
        return items.Length == 2 ? items[1].AsId() : throw json.Error("this is no pair of a token and its id");
    }

    private static PromptTemplate ReadTemplate(JsonPlace json, Func<string, int> find)
    {
        List<int> before = [];
        List<int> after = [];
        bool passed = false;
        foreach (JsonPlace item in json.Get("single").Items())
        {
            if (item.TryGet("Sequence", out _))
            {
                passed = true;
                continue;
            }

            string name = item.Get("SpecialToken").Get("id").AsText();
            (passed ? after : before).AddRange(Ids(json, name, find, item));
        }

        return new(before, after);
    }

    private static int[] Ids(JsonPlace json, string name, Func<string, int> find, JsonPlace item)
    {
        if (json.TryGet("special_tokens", out JsonPlace listed) && listed.TryGet(name, out JsonPlace token))
            return [.. token.Get("ids").Items().Select(id => id.AsId())];
        int found = find(name);
        return found >= 0 ? [found] : throw item.Error($"the special token '{name}' is not known");
    }
}
