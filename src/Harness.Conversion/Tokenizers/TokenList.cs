using System.Globalization;
using System.Text;
using Harness.Text;

namespace Harness.Conversion.Tokenizers;

/// <summary>
/// A vocabulary made as long as the model's: ids that no token claims are padding that no text reaches, tokens beyond are left
/// out, and added tokens take their places.
/// </summary>
internal sealed class TokenList
{
    private const float PaddingScore = -10_000;

    // Not marked as special by everyone who ought to.
    private static readonly string[] LookSpecial = ["<pad>", "<mask>", "<2mass>", "[@BOS@]"];

    private readonly TokenizerData data;
    private readonly ReadOnlyMemory<byte>[] texts;
    private readonly float[] scores;
    private readonly int[] types;
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);

    /// <summary>Makes a vocabulary of a length.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="count">How many tokens the model has.</param>
    public TokenList(TokenizerData data, long count)
    {
        this.data = data;
        texts = new ReadOnlyMemory<byte>[checked((int)count)];
        scores = new float[texts.Length];
        types = new int[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            bool known = i < data.Tokens.Count;
            texts[i] = known ? data.Tokens[i] : Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[PAD{i}]"));
            types[i] = known ? data.Types.Span[i] : (int)TokenType.Unused;
            scores[i] = !known ? PaddingScore : data.Scores.IsEmpty ? 0 : data.Scores.Span[i];
            ids.TryAdd(Text(i), i);
        }
    }

    /// <summary>How many tokens there are.</summary>
    public int Count => texts.Length;

    /// <summary>Puts an added token in its place.</summary>
    /// <param name="id">Its id, below <see cref="Count"/>.</param>
    /// <param name="text">Its text.</param>
    /// <param name="special">Whether it is structure, not text.</param>
    /// <param name="score">Its score.</param>
    public void Add(int id, string text, bool special, float score)
    {
        texts[id] = Encoding.UTF8.GetBytes(special ? text : text.Replace('▁', ' '));
        types[id] = (int)(special ? TokenType.Control : TokenType.UserDefined);
        scores[id] = score;
        ids[text] = id;
    }

    /// <summary>Makes control tokens of added ones that look like it.</summary>
    public void MarkWhatLooksSpecial()
    {
        for (int i = 0; i < types.Length; i++)
        {
            if (types[i] == (int)TokenType.UserDefined && Looks(Text(i)))
                types[i] = (int)TokenType.Control;
        }
    }

    /// <summary>The id of a token, or null.</summary>
    public int? IdOf(string text) => ids.TryGetValue(text, out int id) ? id : null;

    /// <summary>The whole vocabulary.</summary>
    public TokenizerData Data() => data with
    {
        Pre = data.Pre ?? (data.Model == "llama" ? "default" : null),
        Tokens = texts,
        Types = types,
        Scores = data.Scores.IsEmpty ? default : scores,
    };

    private static bool Looks(string text) =>
        LookSpecial.Contains(text)
        || (text.StartsWith("<|", StringComparison.Ordinal) && text.EndsWith("|>", StringComparison.Ordinal))
        || (text.StartsWith("<｜", StringComparison.Ordinal) && text.EndsWith("｜>", StringComparison.Ordinal))
        || (text.StartsWith("<unused", StringComparison.Ordinal) && text.EndsWith('>'));

    private string Text(int id) => Encoding.UTF8.GetString(texts[id].Span);
}
