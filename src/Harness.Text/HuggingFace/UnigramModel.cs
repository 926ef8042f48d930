using System.Globalization;
using System.Text;
using System.Text.Json;
using Harness.Text.Unigram;
using Harness.Text.Vocabulary;

namespace Harness.Text.HuggingFace;

/// <summary>The unigram language model: the same lattice as for GGUF files, with the scores of <c>tokenizer.json</c>.</summary>
internal sealed class UnigramModel : TokenModel
{
    private const double UnknownPenalty = 10;

    private readonly UnigramLattice lattice;

    private UnigramModel(JsonVocabulary vocabulary, double[] scores, int unknown, bool byteFallback)
        : base(vocabulary)
    {
        Scores = scores;
        ByteFallback = byteFallback;
        var keys = new List<ReadOnlyMemory<byte>>(scores.Length);
        var ids = new List<int>(scores.Length);
        double least = double.MaxValue;
        for (int id = 0; id < scores.Length; id++)
        {
            keys.Add(Encoding.UTF8.GetBytes(vocabulary.TextOf(id)!));
            ids.Add(id);
            least = Math.Min(least, scores[id]);
        }

        int[]? bytes = byteFallback ? vocabulary.ByteTokens() : null;
        lattice = new UnigramLattice(
            new ByteTrie(keys, [.. ids]), scores, least - UnknownPenalty, unknown, bytes is not null && !bytes.Contains(-1) ? bytes : null);
    }

    /// <summary>The scores by id.</summary>
    public double[] Scores { get; }

    /// <summary>Whether what is unknown becomes byte tokens.</summary>
    public bool ByteFallback { get; }

    /// <summary>Reads the model.</summary>
    public static new UnigramModel Read(JsonPlace json)
    {
        var vocabulary = new JsonVocabulary(1024);
        var scores = new List<double>();
        foreach (JsonPlace entry in json.Get("vocab").Items())
        {
            if (entry.Element.ValueKind != JsonValueKind.Array || entry.Element.GetArrayLength() != 2)
                throw entry.Error("this is no pair of a text and a score");
            string text = new JsonPlace(entry.Element[0], entry.Path).AsText();
            if (vocabulary.Find(text) >= 0)
                throw entry.Error($"the token '{text}' is there twice");
            vocabulary.Add(text, scores.Count, entry);
            scores.Add(new JsonPlace(entry.Element[1], entry.Path).AsNumber());
        }

        int unknown = json.Number("unk_id") ?? -1;
        if (unknown >= scores.Count)
        {
            throw json.Error(string.Create(
                CultureInfo.InvariantCulture, $"unk_id is {unknown}, but there are {scores.Count} tokens"));
        }

        return new UnigramModel(vocabulary, [.. scores], unknown, json.Flag("byte_fallback")) { UnknownToken = vocabulary.TextOf(unknown) };
    }

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> piece, EncodingSession session, List<int> ids) => lattice.Encode(piece, session, ids);
}
