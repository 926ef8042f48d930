using System.Globalization;
using System.Text;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>Tokens by text and by id, as a <c>tokenizer.json</c> lists them; ids may have gaps.</summary>
internal sealed class JsonVocabulary
{
    // A hostile id must not make a table of two thousand million entries.
    private const int MostIds = 1 << 24;

    private readonly ByteStringTable texts;
    private readonly List<int> idOfText = [];
    private readonly List<string?> textOfId = [];

    /// <summary>Creates an empty vocabulary.</summary>
    public JsonVocabulary(int expected) => texts = new ByteStringTable(expected, expected * 8);

    /// <summary>One more than the greatest id.</summary>
    public int Size => textOfId.Count;

    /// <summary>Reads a vocabulary of texts and ids.</summary>
    public static JsonVocabulary Read(JsonPlace json)
    {
        var vocabulary = new JsonVocabulary(1024);
        foreach (var member in json.Members())
        {
            if (!member.Value.TryGetInt32(out int id))
                throw json.Error($"the id of '{member.Name}' is no whole number");
            vocabulary.Add(member.Name, id, json);
        }

        return vocabulary;
    }

    /// <summary>Adds a token.</summary>
    public void Add(string text, int id, JsonPlace json)
    {
        if (id is < 0 or >= MostIds)
            throw json.Error($"the id of '{text}' is {id.ToString(CultureInfo.InvariantCulture)}, out of bounds");
        int number = texts.Add(Encoding.UTF8.GetBytes(text), out bool added);
        if (added)
            idOfText.Add(id);
        else
            idOfText[number] = id;
        while (textOfId.Count <= id)
            textOfId.Add(null);
        textOfId[id] = text;
    }

    /// <summary>The id of a text, or −1.</summary>
    public int Find(ReadOnlySpan<byte> utf8)
    {
        int number = texts.Find(utf8);
        return number < 0 ? -1 : idOfText[number];
    }

    /// <summary>The id of a text, or −1.</summary>
    public int Find(string text) => Find(Encoding.UTF8.GetBytes(text));

    /// <summary>The text of an id, or null.</summary>
    public string? TextOf(int id) => id >= 0 && id < textOfId.Count ? textOfId[id] : null;

    /// <summary>The ids of the byte tokens <c>&lt;0xXX&gt;</c>, −1 where there is none.</summary>
    public int[] ByteTokens() =>
        [.. Enumerable.Range(0, 256).Select(value => Find($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>"))];
}
