using System.Security.Cryptography;
using System.Text;
using Harness.Formats.Gguf;
using Harness.Receipts;
using Harness.Text;
using Harness.Text.Templates;

namespace Harness.Runner.Variants;

/// <summary>What a header says of its chat template: found by rendering conversations, not by reading its text.</summary>
internal static class ChatTemplateReader
{
    private const int Control = 3;

    /// <summary>Shorter texts of control tokens stand in ordinary answers too.</summary>
    private const int ShortestControl = 3;

    /// <summary>Reads it; both are null for a file without one.</summary>
    public static (ChatTemplateFacts? Facts, ChatSource? Source) Read(GgufMetadata metadata)
    {
        if (!metadata.TryGetString(ModelTemplate.Key, out string? text)) return (null, null);
        string bos = ModelTemplate.TokenText(metadata, "bos") ?? "", eos = ModelTemplate.TokenText(metadata, "eos") ?? "";
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        Dictionary<string, int> control = ControlTokens(metadata);
        Tokenizer? tokenizer = TokenizerOf(metadata);
        TemplateCapabilities can;
        try
        {
            can = TemplateCapabilities.Of(ChatTemplate.Parse(text), bos, eos);
        }
        catch (TemplateException e)
        {
            string fault = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {e.Line}: {e.Message}");
            return (new ChatTemplateFacts(digest, fault, "failed", null, "failed", false, null, null, null, "neither"), Source(null));
        }

        string? end = EndOfTurn(can.AnswerEnd, control.Keys);
        int? endId = end is not null && control.TryGetValue(end, out int id) ? id : null;
        bool adds = tokenizer?.AddsBos ?? (metadata.TryGetBoolean("tokenizer.ggml.add_bos_token", out bool add) && add);
        var facts = new ChatTemplateFacts(
            digest,
            can.Fault,
            Wire.Name(can.System),
            can.SystemRefusal,
            Wire.Name(can.Tools),
            can.ThinkingSwitch,
            can.GenerationPrompt,
            end,
            endId is { } known && tokenizer is not null ? tokenizer.EndOfGenerationIds.Contains(known) : null,
            (can.BeginsWithBos, adds) switch { (true, true) => "both", (true, false) => "template", (false, true) => "tokenizer", _ => "neither" });
        return (facts, Source(endId, end));

        ChatSource Source(int? endOfTurnId, string? endOfTurn = null) => new(
            text, bos, eos, tokenizer?.BosId, [.. control.Keys.Where(one => one.Length >= ShortestControl)], endOfTurnId, endOfTurn);
    }

    /// <summary>The control token that follows an answer first; where there is none, the text up to the end of the line.</summary>
    private static string? EndOfTurn(string? after, IEnumerable<string> control)
    {
        if (string.IsNullOrWhiteSpace(after)) return null;
        string? first = control.Where(one => one.Length > 0).Select(one => (Token: one, At: after.IndexOf(one, StringComparison.Ordinal)))
            .Where(one => one.At >= 0).OrderBy(one => one.At).ThenByDescending(one => one.Token.Length).Select(one => one.Token).FirstOrDefault();
        return first ?? after.Trim().Split('\n')[0];
    }

    private static Dictionary<string, int> ControlTokens(GgufMetadata metadata)
    {
        var control = new Dictionary<string, int>(StringComparer.Ordinal);
        if (!metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens)
            || !metadata.TryGetArray("tokenizer.ggml.token_type", out ReadOnlyMemory<int> types)) return control;
        for (int i = 0; i < Math.Min(tokens.Count, types.Length); i++)
            if (types.Span[i] == Control) control.TryAdd(Encoding.UTF8.GetString(tokens[i]), i);
        return control;
    }

    private static Tokenizer? TokenizerOf(GgufMetadata metadata)
    {
        try
        {
            return Tokenizer.Create(TokenizerData.FromGguf(metadata));
        }
        catch (Exception e) when (e is TokenizerException or GgufException)
        {
            // The tokenizer check says so; what a template can do is found without one.
            return null;
        }
    }
}
