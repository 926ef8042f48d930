using System.Text;

namespace Harness.Text.HuggingFace;

/// <summary>What turns a piece of text into ids.</summary>
internal abstract class TokenModel(JsonVocabulary vocabulary)
{
    /// <summary>The tokens.</summary>
    public JsonVocabulary Vocabulary { get; } = vocabulary;

    /// <summary>The token of what cannot be written, or null.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Encodes a piece.</summary>
    /// <param name="piece">The piece, UTF-8; not empty.</param>
    /// <param name="session">Where to work.</param>
    /// <param name="ids">Receives the ids.</param>
    public abstract void Encode(ReadOnlySpan<byte> piece, EncodingSession session, List<int> ids);

    /// <summary>Reads the <c>model</c> of a <c>tokenizer.json</c>.</summary>
    public static TokenModel Read(JsonPlace json)
    {
        string type = json.Text("type") ?? (json.TryGet("merges", out _) ? "BPE" : json.Get("vocab").Element.ValueKind == System.Text.Json.JsonValueKind.Array
            ? "Unigram"
            : json.TryGet("continuing_subword_prefix", out _) ? "WordPiece" : "WordLevel");
        return type switch
        {
            "BPE" => BytePairModel.Read(json),
            "Unigram" => UnigramModel.Read(json),
            "WordPiece" => WordPieceModel.Read(json),
            "WordLevel" => WordLevelModel.Read(json),
            _ => throw json.Error($"the model \"{type}\" is not supported"),
        };
    }

    /// <summary>The id of the unknown token, or −1 where there is none.</summary>
    protected static int UnknownId(JsonPlace json, JsonVocabulary vocabulary, string? unknown)
    {
        if (unknown is null)
            return -1;
        int id = vocabulary.Find(unknown);
        return id >= 0 ? id : throw json.Error($"the unknown token '{unknown}' is not in the vocabulary");
    }
}

/// <summary>Whole words only.</summary>
internal sealed class WordLevelModel : TokenModel
{
    private readonly int unknown;

    private WordLevelModel(JsonVocabulary vocabulary, int unknown)
        : base(vocabulary) => this.unknown = unknown;

    /// <summary>Reads the model.</summary>
    public static new WordLevelModel Read(JsonPlace json)
    {
        var vocabulary = JsonVocabulary.Read(json.Get("vocab"));
        string? unknown = json.Text("unk_token");
        int id = unknown is null ? -1 : vocabulary.Find(unknown);
        return new WordLevelModel(vocabulary, id) { UnknownToken = unknown };
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> piece, EncodingSession session, List<int> ids)
    {
        int id = Vocabulary.Find(piece);
        if (id < 0)
            id = unknown;
        if (id < 0)
            throw new TokenizerException($"'{Encoding.UTF8.GetString(piece)}' is no word of the vocabulary, and the model has no unknown token.");
        ids.Add(id);
    }
}
