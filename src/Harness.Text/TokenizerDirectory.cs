using System.Text;
using System.Text.Json;
using Harness.Text.HuggingFace;
using Harness.Text.SentencePiece;

namespace Harness.Text;

/// <summary>
/// The tokenizer of a model directory as HuggingFace publishes them, in the words of GGUF: from <c>tokenizer.model</c> where
/// there is one (its scores are the original), else from <c>tokenizer.json</c>; with <c>tokenizer_config.json</c> beside.
/// </summary>
public static class TokenizerDirectory
{
    /// <summary>Reads the directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <returns>The data; <see cref="TokenizerData.ToGguf"/> makes metadata of it.</returns>
    /// <exception cref="UnsupportedTokenizerException">It asks for something no GGUF tokenizer does; named.</exception>
    /// <exception cref="TokenizerException">There is no tokenizer, or a file is damaged.</exception>
    public static TokenizerData Read(string directory)
    {
        byte[]? config = Bytes(directory, "tokenizer_config.json");
        SpecialTokenNames? names = config is null ? null : SpecialTokenNames.Parse(config);
        byte[]? json = Bytes(directory, "tokenizer.json");
        HuggingFaceTokenizer? tokenizer = json is null ? null : HuggingFaceTokenizer.Parse(json);
        byte[]? model = Bytes(directory, "tokenizer.model") ?? Bytes(directory, "spiece.model") ?? Bytes(directory, "sentencepiece.bpe.model");

        // Tiktoken's files bear the same name and are none of SentencePiece's.
        if (model is null || (tokenizer is not null && tokenizer.Splitters.Any(s => s is PieceSplitter.ByteLevelSplitter)))
        {
            return tokenizer?.ToTokenizerData(names)
                ?? throw new TokenizerException($"There is no tokenizer in {directory}: neither tokenizer.json nor tokenizer.model.");
        }

        TokenizerData data = WithAdded(SentencePieceModel.Read(model), Added(directory, tokenizer));
        data.RequireGguf();
        return names is null ? data : Named(data, names);
    }

    private static byte[]? Bytes(string directory, string name)
    {
        string path = Path.Combine(directory, name);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    private static IEnumerable<(int Id, string Text, bool Special)> Added(string directory, HuggingFaceTokenizer? tokenizer)
    {
        if (tokenizer is not null)
            return tokenizer.Added.Values.Select(t => (t.Id, t.Content, t.Special));
        if (Bytes(directory, "added_tokens.json") is not { } bytes)
            return [];
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var json = new JsonPlace(document.RootElement, string.Empty);
            return [.. json.Members().Select(m => (new JsonPlace(m.Value, m.Name).AsId(), m.Name, true))];
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"The added_tokens.json is no JSON: {e.Message}", e);
        }
    }

    // Tokens behind the pieces, and pieces that the tokenizer takes for more than text.
    private static TokenizerData WithAdded(TokenizerData data, IEnumerable<(int Id, string Text, bool Special)> added)
    {
        var tokens = data.Tokens.ToList();
        List<int> types = [.. data.Types.Span];
        List<float> scores = [.. data.Scores.Span];
        foreach ((int id, string text, bool special) in added.OrderBy(t => t.Id))
        {
            TokenType type = special ? TokenType.Control : TokenType.UserDefined;
            if (id < data.Tokens.Count)
            {
                if ((TokenType)types[id] is TokenType.Normal or TokenType.UserDefined)
                    types[id] = (int)type;
                continue;
            }

            while (tokens.Count <= id)
            {
                tokens.Add(TokenizerData.Padding(tokens.Count));
                types.Add((int)TokenType.Unused);
                scores.Add(TokenizerData.PaddingScore);
            }

            (tokens[id], types[id]) = (Encoding.UTF8.GetBytes(text), (int)type);
        }

        return data with { Tokens = tokens, Types = types.ToArray(), Scores = scores.ToArray() };
    }

    private static TokenizerData Named(TokenizerData data, SpecialTokenNames names)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < data.Tokens.Count; id++)
            ids[Encoding.UTF8.GetString(data.Tokens[id].Span)] = id;
        return data with
        {
            BosId = Id(names.Bos) ?? data.BosId,
            EosId = Id(names.Eos) ?? data.EosId,
            UnkId = Id(names.Unknown) ?? data.UnkId,
            SepId = Id(names.Separator),
            PadId = Id(names.Padding) ?? data.PadId,
            MaskId = Id(names.Mask),
            AddBos = names.AddBos,
            AddEos = names.AddEos,
        };

        int? Id(string? name) => name is not null && ids.TryGetValue(name, out int id) ? id : null;
    }
}
