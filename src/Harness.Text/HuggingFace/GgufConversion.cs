using System.Text;

namespace Harness.Text.HuggingFace;

/// <summary>
/// Says a <c>tokenizer.json</c> in the words of GGUF. What those words cannot say is refused by name: a file that looks right
/// and gives other ids would be a bad model for ever.
/// </summary>
internal sealed class GgufConversion(HuggingFaceTokenizer tokenizer, SpecialTokenNames names)
{
    private const string Mark = "▁";
    private readonly byte[][] texts = new byte[tokenizer.VocabularySize][];
    private readonly int[] types = new int[tokenizer.VocabularySize];

    /// <summary>Converts.</summary>
    /// <exception cref="UnsupportedTokenizerException">GGUF has no words for a step.</exception>
    public TokenizerData Convert()
    {
        TokenizerData data = tokenizer.Model switch
        {
            BytePairModel model when tokenizer.Splitters.Any(s => s is PieceSplitter.ByteLevelSplitter) => ByteLevel(model),
            BytePairModel { ByteFallback: true } model => Plain(model),
            UnigramModel model => Unigram(model),
            WordPieceModel model => WordPiece(model),
            _ => throw new UnsupportedTokenizerException("model", Described(tokenizer.Model), []),
        };
        return data with
        {
            BosId = Id(names.Bos) ?? First(tokenizer.Template.Before),
            EosId = Id(names.Eos) ?? (data.Model == "bert" ? null : First(tokenizer.Template.After)),
            UnkId = Id(names.Unknown ?? tokenizer.Model.UnknownToken),
            SepId = Id(names.Separator) ?? (data.Model == "bert" ? First(tokenizer.Template.After) : null),
            PadId = Id(names.Padding),
            MaskId = Id(names.Mask),
            AddBos = names.AddBos ?? tokenizer.Template.Before.Count > 0,
            AddEos = names.AddEos ?? (data.Model != "bert" && tokenizer.Template.After.Count > 0),
        };
    }

    private static int? First(IReadOnlyList<int> ids) => ids.Count > 0 ? ids[0] : null;

    private static string Described(TokenModel model) => model switch
    {
        BytePairModel => "BPE over characters without byte fallback",
        WordLevelModel => "WordLevel",
        _ => model.GetType().Name,
    };

    private int? Id(string? name)
    {
        int id = name is null ? -1 : tokenizer.Find(name);
        return id >= 0 ? id : null;
    }

    private TokenizerData ByteLevel(BytePairModel model)
    {
        Allow("NFC");
        RequireBare(model);
        if (tokenizer.Splitters[^1] is not PieceSplitter.ByteLevelSplitter && tokenizer.Splitters.OfType<PieceSplitter.ByteLevelSplitter>().Any(b => !b.Cuts))
            throw new UnsupportedTokenizerException("pre_tokenizer", "a step behind ByteLevel", []);
        string pre = PreTokenizerSignatures.Name(tokenizer.Splitters, model.IgnoresMerges);
        FillTokens((text, _) => text);
        return Of("gpt2") with { Pre = pre, Merges = Merges(model) };
    }

    // Gemma's way keeps the merges; Llama's puts a space in front, which only scores can say.
    private TokenizerData Plain(BytePairModel model)
    {
        RequireBare(model);
        string normalizer = tokenizer.NormalizerStep?.Description ?? string.Empty;
        string splitter = string.Join(',', tokenizer.Splitters.Select(DescribePlain));
        FillTokens((text, id) =>
        {
            if (Tokenizer.IsByte(Encoding.UTF8.GetBytes(text), out _) && text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal))
                types[id] = (int)TokenType.Byte;
            return text;
        });
        return (normalizer, splitter) switch
        {
            ("Replace( →▁)", "" or "spaces" or "mark never") or ("", "mark never") =>
                Of("gemma4") with { Merges = Merges(model) },
            ("Prepend(▁),Replace( →▁)", "") or ("", "mark always" or "mark first") =>
                Of("llama") with { Scores = Scores(model), AddSpacePrefix = true },
            _ => throw new UnsupportedTokenizerException("normalizer and pre_tokenizer", $"{normalizer} and {splitter}", []),
        };
    }

    private TokenizerData Unigram(UnigramModel model)
    {
        if (model.ByteFallback)
            throw new UnsupportedTokenizerException("model.byte_fallback", "true", []);
        Normalizer[] steps = [.. tokenizer.NormalizerStep?.Steps ?? []];
        PrecompiledNormalizer? map = steps.OfType<PrecompiledNormalizer>().FirstOrDefault();
        bool merges = steps.Any(s => s.Description is "Replace( {2,}→ )" or "Replace( {2,}→▁)");
        foreach (Normalizer step in steps)
        {
            if (step != map && step.Description is not ("Replace( {2,}→ )" or "Replace( {2,}→▁)" or "Strip" or "Nmt"))
                throw new UnsupportedTokenizerException("normalizer", step.Description, []);
        }

        string splitter = string.Join(',', tokenizer.Splitters.Select(DescribePlain).Where(s => s != "WhitespaceSplit"));
        if (splitter is not ("mark always" or "mark first" or "mark never"))
            throw new UnsupportedTokenizerException("pre_tokenizer", splitter, []);
        FillTokens((text, _) => text);
        float[] scores = new float[texts.Length];
        for (int id = 0; id < model.Scores.Length; id++)
            scores[id] = (float)model.Scores[id];
        return Of("t5") with
        {
            Scores = scores,
            PrecompiledCharacterMap = map?.Bytes ?? [],
            AddSpacePrefix = splitter != "mark never",
            RemoveExtraWhitespaces = merges || tokenizer.Splitters.Any(s => DescribePlain(s) == "WhitespaceSplit"),
        };
    }

    private TokenizerData WordPiece(WordPieceModel model)
    {
        if (tokenizer.NormalizerStep is not Normalizer.BertNormalizer normalizer)
            throw new UnsupportedTokenizerException("normalizer", tokenizer.NormalizerStep?.Description ?? "none", []);
        FillTokens((text, id) => types[id] != (int)TokenType.Normal
            ? text
            : text.StartsWith(model.Prefix, StringComparison.Ordinal) && text.Length > model.Prefix.Length ? text[model.Prefix.Length..] : Mark + text);
        return Of("bert") with { Lowercases = normalizer.Lowercases, StripsAccents = normalizer.StripsAccents };
    }

    private static string DescribePlain(PieceSplitter splitter) => splitter switch
    {
        PieceSplitter.MetaspaceSplitter m when m.Replacement == Mark[0] => $"mark {m.Scheme}",
        PieceSplitter.PatternSplitter { Pattern: { IsRegex: false, Source: " " }, Behavior: SplitBehavior.MergedWithPrevious, Inverts: false } => "spaces",
        PieceSplitter.SetSplitter { Behavior: SplitBehavior.Removed } s when s.Set == RegularExpressions.CharacterClasses.Whitespace => "WhitespaceSplit",
        _ => splitter.GetType().Name,
    };

    private static void RequireBare(BytePairModel model)
    {
        if (model.Prefix.Length > 0 || model.Suffix.Length > 0)
            throw new UnsupportedTokenizerException("model", $"BPE with prefix '{model.Prefix}' and suffix '{model.Suffix}'", []);
    }

    private void Allow(string description)
    {
        if (tokenizer.NormalizerStep is { } normalizer && normalizer.Description.Length > 0 && normalizer.Description != description)
            throw new UnsupportedTokenizerException("normalizer", normalizer.Description, []);
    }

    private TokenizerData Of(string model) => new()
    {
        Model = model,
        Tokens = [.. texts.Select(t => new ReadOnlyMemory<byte>(t))],
        Types = types,
    };

    private void FillTokens(Func<string, int, string> write)
    {
        for (int id = 0; id < texts.Length; id++)
        {
            string? text = tokenizer.TokenText(id);
            bool isAdded = tokenizer.Added.TryGetValue(id, out AddedToken? added);
            TokenType type = text is null ? TokenType.Unused
                : text == tokenizer.Model.UnknownToken ? TokenType.Unknown
                : !isAdded ? TokenType.Normal
                : added!.Special ? TokenType.Control : TokenType.UserDefined;
            types[id] = (int)type;
            texts[id] = text is null ? TokenizerData.Padding(id).ToArray() : Encoding.UTF8.GetBytes(isAdded ? text! : write(text!, id));
        }
    }

    private static ReadOnlyMemory<byte>[] Merges(BytePairModel model) =>
        [.. model.Merges.Select(m => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes($"{m.Left} {m.Right}")))];

    // SentencePiece merges by the score of what is made, so a token's score is the rank of its first merge, negative; this
    // says the same only where the merges were made from scores, which is tested: no other merge may come between.
    private float[] Scores(BytePairModel model)
    {
        float[] scores = new float[texts.Length];
        var made = new HashSet<int>();
        int last = -1;
        for (int rank = 0; rank < model.Merges.Count; rank++)
        {
            int id = model.Vocabulary.Find(model.Merges[rank].Left + model.Merges[rank].Right);
            if (made.Add(id))
            {
                scores[id] = -rank - 1;
            }
            else if (id != last)
            {
                throw new UnsupportedTokenizerException(
                    "model.merges", $"'{tokenizer.TokenText(id)}' is made at two ranks with others between, which scores cannot say", []);
            }

            last = id;
        }

        // Letters that nothing makes come after all.
        for (int id = 0; id < scores.Length; id++)
        {
            if (types[id] == (int)TokenType.Normal && !made.Contains(id))
                scores[id] = -model.Merges.Count - 1;
        }

        return scores;
    }
}
