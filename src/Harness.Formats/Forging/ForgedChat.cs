using System.Text;
using Harness.Formats.Gguf;

namespace Harness.Formats.Forging;

/// <summary>A chat template that a probe carries in the place of its vocabulary's own, and the tokens that belong to it.</summary>
/// <param name="Template">The template; null for a probe that carries none.</param>
public sealed record ForgedChat(string? Template)
{
    private const string Tokens = "tokenizer.ggml.tokens";
    private const string Types = "tokenizer.ggml.token_type";
    private const string TemplateKey = "tokenizer.chat_template";
    private const int Control = 3;

    /// <summary>Texts of control tokens the vocabulary gets; those it has stay where they are.</summary>
    public IReadOnlyList<string> ControlTokens { get; init; } = [];

    /// <summary>The text of BOS; null keeps the vocabulary's.</summary>
    public string? BosToken { get; init; }

    /// <summary>The text of EOS; null keeps the vocabulary's.</summary>
    public string? EosToken { get; init; }

    /// <summary>Tokens that the vocabulary must have to spare.</summary>
    internal int Room => Own().Count();

    /// <summary>The vocabulary with the template and its tokens, each in the place of a token that no text reaches.</summary>
    /// <param name="vocabulary">One with as much room as is needed.</param>
    internal ForgedVocabulary On(ForgedVocabulary vocabulary)
    {
        var metadata = new Dictionary<string, GgufValue>(vocabulary.Metadata, StringComparer.Ordinal);
        if (!metadata[Tokens].TryAsStrings(out GgufStringArray? texts) || !metadata[Types].TryAsArray(out ReadOnlyMemory<int> kinds))
            throw new InvalidOperationException("a forged vocabulary has tokens and their types");
        string[] tokens = [.. Enumerable.Range(0, texts.Count).Select(i => Encoding.UTF8.GetString(texts[i]))];
        int[] types = kinds.ToArray();
        int free = tokens.Length - 1;
        foreach (string text in Own())
        {
            int at = Array.IndexOf(tokens, text);
            if (at < 0)
            {
                while (!ForgedVocabulary.IsFiller(tokens[free])) free--;
                tokens[at = free--] = text;
            }

            types[at] = Control;
        }

        metadata[Tokens] = GgufValue.OfStrings(tokens);
        metadata[Types] = GgufValue.OfArray(types);
        if (Template is null) metadata.Remove(TemplateKey);
        else metadata[TemplateKey] = GgufValue.Of(Template);
        if (BosToken is not null) metadata["tokenizer.ggml.bos_token_id"] = GgufValue.Of((uint)Array.IndexOf(tokens, BosToken));
        if (EosToken is not null) metadata["tokenizer.ggml.eos_token_id"] = GgufValue.Of((uint)Array.IndexOf(tokens, EosToken));
        return vocabulary with
        {
            Metadata = [.. vocabulary.Metadata.Where(pair => metadata.ContainsKey(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, metadata[pair.Key]))],
        };
    }

    private IEnumerable<string> Own() => ControlTokens.Append(BosToken).Append(EosToken).OfType<string>().Distinct(StringComparer.Ordinal);
}
