using System.Globalization;
using System.Text;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>The tokens of a vocabulary while it is read: ids that nothing claims are padding that no text reaches.</summary>
internal sealed class TokenList
{
    private readonly byte[][] texts;
    private readonly float[] scores;
    private readonly int[] types;
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);

    /// <summary>A list of padding.</summary>
    /// <param name="model">The kind, as GGUF names it.</param>
    /// <param name="count">How many tokens.</param>
    public TokenList(string model, long count)
    {
        Model = model;
        texts = new byte[checked((int)count)][];
        scores = new float[texts.Length];
        types = new int[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[PAD{i}]"));
            types[i] = (int)TokenType.Unused;
            scores[i] = -10_000;
        }
    }

    /// <summary>The kind, as GGUF names it.</summary>
    public string Model { get; }

    /// <summary>How many tokens there are.</summary>
    public int Count => texts.Length;

    /// <summary>The pre-tokenizer, or null.</summary>
    public string? Pre { get; set; }

    /// <summary>Merges in order of rank.</summary>
    public List<string> Merges { get; } = [];

    /// <summary>Sets a token.</summary>
    /// <param name="id">Its id, below <see cref="Count"/>.</param>
    /// <param name="text">Its text.</param>
    /// <param name="type">Its type.</param>
    /// <param name="score">Its score.</param>
    public void Set(int id, string text, TokenType type, float score = 0)
    {
        texts[id] = Encoding.UTF8.GetBytes(text);
        types[id] = (int)type;
        scores[id] = score;
        ids[text] = id;
    }

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string text) => ids.TryGetValue(text, out int id) ? id : null;

    /// <summary>The list as tokenizers are made of it.</summary>
    public TokenizerData ToData() => new()
    {
        Model = Model,
        Pre = Pre ?? (Model == "llama" ? "default" : null),
        Tokens = [.. texts.Select(t => new ReadOnlyMemory<byte>(t))],
        Types = types,
        Scores = Model == "llama" ? scores : default,
        Merges = [.. Merges.Select(m => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(m)))],
    };
}
