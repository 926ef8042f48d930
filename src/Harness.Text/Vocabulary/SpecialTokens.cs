using System.Text;

namespace Harness.Text.Vocabulary;

/// <summary>
/// Which tokens are special, and which end generation: from the types and ids of the metadata, and from well-known
/// texts, because published files have both wrong. The rules are those of llama.cpp (<c>llama_vocab::impl::load</c>,
/// v0.5.0).
/// </summary>
internal sealed class SpecialTokens
{
    private static readonly string[] EndTexts =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>",
        "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
        "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
    ];

    private static readonly string[] EndOfTurnTexts =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>",
        "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>",
    ];

    // Fill-in-the-middle tokens; of each kind one, unless the metadata names it.
    private static readonly string[][] FillTexts =
    [
        ["<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>"],
        ["<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>"],
        ["<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>"],
    ];

    private static readonly string[] FillPaddingTexts = ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"];
    private static readonly string[] FillRepositoryTexts = ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"];
    private static readonly string[] FillSeparatorTexts = ["<|file_sep|>"];
    private static readonly string[] HarmonyTexts = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

    private readonly TokenizerData data;
    private readonly Dictionary<string, int> wellKnown;
    private readonly TokenAttributes[] attributes;
    private readonly HashSet<int> ends = [];

    /// <summary>Works out the special tokens of a vocabulary.</summary>
    /// <param name="data">The vocabulary.</param>
    /// <param name="eosId">End of sequence, with the kind's default.</param>
    public SpecialTokens(TokenizerData data, int? eosId)
    {
        this.data = data;
        attributes = ReadTypes(data);
        wellKnown = FindWellKnown(data);
        CollectEnds(eosId);
        ApplyStripping();
    }

    /// <summary>What each token is.</summary>
    public ReadOnlySpan<TokenAttributes> Attributes => attributes;

    /// <summary>The tokens that end generation.</summary>
    public IReadOnlySet<int> EndOfGeneration => ends;

    private static TokenAttributes[] ReadTypes(TokenizerData data)
    {
        var attributes = new TokenAttributes[data.Tokens.Count];
        for (int id = 0; id < attributes.Length; id++)
        {
            attributes[id] = id >= data.Types.Length ? TokenAttributes.Normal : (TokenType)data.Types.Span[id] switch
            {
                TokenType.Normal => TokenAttributes.Normal,
                TokenType.Unknown => TokenAttributes.Unknown,
                TokenType.Control => TokenAttributes.Control,
                TokenType.UserDefined => TokenAttributes.UserDefined,
                TokenType.Unused => TokenAttributes.Unused,
                TokenType.Byte => TokenAttributes.Byte,
                _ => TokenAttributes.None,
            };
        }

        return attributes;
    }

    private static Dictionary<string, int> FindWellKnown(TokenizerData data)
    {
        string[] texts =
        [
            .. EndTexts, .. EndOfTurnTexts, .. FillTexts.SelectMany(t => t), .. FillPaddingTexts,
            .. FillRepositoryTexts, .. FillSeparatorTexts, .. HarmonyTexts, "<mask>", "[MASK]", "<unk>", "<s>",
        ];
        var wanted = new ByteStringTable(texts.Length, texts.Length * 16);
        foreach (string text in texts)
            wanted.Add(Encoding.UTF8.GetBytes(text), out _);
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < data.Tokens.Count; id++)
        {
            int at = wanted.Find(data.Tokens[id].Span);
            if (at >= 0)
                found[Encoding.UTF8.GetString(wanted[at])] = id;
        }

        return found;
    }

    private void CollectEnds(int? eosId)
    {
        int? eot = InRange(data.EotId) ?? MarkFirst(EndOfTurnTexts);
        int? eom = InRange(data.EomId) ?? MarkFirst(["<|eom_id|>"]);
        foreach (string[] texts in FillTexts)
            MarkFirst(texts);
        AddEnd(InRange(data.FimPadId) ?? MarkFirst(FillPaddingTexts));
        AddEnd(InRange(data.FimRepositoryId) ?? MarkFirst(FillRepositoryTexts));
        AddEnd(InRange(data.FimSeparatorId) ?? MarkFirst(FillSeparatorTexts));
        foreach (string text in EndTexts)
            AddEnd(MarkFirst([text]));

        // Harmony's structure is text to be seen.
        foreach (string text in HarmonyTexts)
        {
            if (wellKnown.TryGetValue(text, out int id))
                attributes[id] = TokenAttributes.UserDefined;
        }

        AddEnd(eosId);
        AddEnd(eot);
        AddEnd(eom);

        // Where a model has its own tokens for a turn's end, the general ones are text.
        bool called = Ends("<|call|>") || Ends("<|calls|>");
        if (called && Ends("<|end|>") && (Ends("<|return|>") || Ends("<|flush|>")))
            Release("<|end|>", TokenAttributes.UserDefined);
        if (Ends("<|tool_response>") && Ends("</s>"))
            Release("</s>", TokenAttributes.Normal);
    }

    private int? InRange(int? id) => id >= 0 && id < data.Tokens.Count ? id : null;

    private int? MarkFirst(string[] texts)
    {
        foreach (string text in texts)
        {
            if (!wellKnown.TryGetValue(text, out int id))
                continue;
            attributes[id] |= TokenAttributes.Control;
            return id;
        }

        return null;
    }

    private void AddEnd(int? id)
    {
        if (id is not null)
            ends.Add(id.Value);
    }

    private bool Ends(string text) => wellKnown.TryGetValue(text, out int id) && ends.Contains(id);

    private void Release(string text, TokenAttributes becomes)
    {
        int id = wellKnown[text];
        ends.Remove(id);
        attributes[id] = becomes;
    }

    // Files do not say which special tokens take white space along; the model's name does.
    private void ApplyStripping()
    {
        string pre = data.Pre ?? string.Empty;
        string name = (data.ModelName ?? string.Empty).ToLowerInvariant();
        string architecture = data.Architecture ?? string.Empty;
        if (pre.Contains("jina-v2-de", StringComparison.Ordinal) || pre.Contains("jina-v2-es", StringComparison.Ordinal)
            || pre.Contains("jina-v2-code", StringComparison.Ordinal)
            || architecture.Contains("nomic-bert-moe", StringComparison.Ordinal)
            || architecture.Contains("jina-bert-v3", StringComparison.Ordinal))
        {
            Set("<mask>", TokenAttributes.StripsLeft, true);
        }
        else if (name.Contains("phi-3", StringComparison.Ordinal) || name.Contains("phi3", StringComparison.Ordinal))
        {
            for (int id = 0; id < attributes.Length; id++)
            {
                if (SpecialTokenPartition.IsSpecial(attributes[id]))
                    attributes[id] |= TokenAttributes.StripsRight;
            }

            Set("</s>", TokenAttributes.StripsRight, true);
            Set("<unk>", TokenAttributes.StripsRight, false);
            Set("<s>", TokenAttributes.StripsRight, false);
            Set("<|endoftext|>", TokenAttributes.StripsRight, false);
        }
        else if (name.Contains("modern-bert", StringComparison.Ordinal))
        {
            Set("[MASK]", TokenAttributes.StripsLeft, true);
        }
    }

    private void Set(string text, TokenAttributes attribute, bool value)
    {
        if (wellKnown.TryGetValue(text, out int id))
            attributes[id] = value ? attributes[id] | attribute : attributes[id] & ~attribute;
    }
}
