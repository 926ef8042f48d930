using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Harness.Formats.Gguf;

namespace Harness.Text;

/// <content>Writing the data as a GGUF file's metadata.</content>
public sealed partial record TokenizerData
{
    /// <summary>
    /// What a GGUF file says of this tokenizer: the keys <c>tokenizer.ggml.*</c> that <see cref="FromGguf"/> reads. Model name
    /// and architecture are not among them.
    /// </summary>
    /// <returns>Keys and values, in the order llama.cpp's converter writes them.</returns>
    /// <exception cref="UnsupportedTokenizerException">It does something no GGUF key can say.</exception>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> ToGguf()
    {
        RequireGguf();
        var entries = new List<KeyValuePair<string, GgufValue>>();
        Add("model", GgufValue.Of(Model));
        if (Pre is not null)
            Add("pre", GgufValue.Of(Pre));
        Add("tokens", Strings(Tokens));
        if (!Scores.IsEmpty)
            Add("scores", GgufValue.OfArray(Scores.ToArray()));
        if (!Types.IsEmpty)
            Add("token_type", GgufValue.OfArray(Types.ToArray()));
        if (Merges.Count > 0)
            Add("merges", Strings(Merges));
        AddId("bos", BosId);
        AddId("eos", EosId);
        AddId("eot", EotId);
        AddId("eom", EomId);
        AddId("unknown", UnkId);
        AddId("seperator", SepId);
        AddId("padding", PadId);
        AddId("mask", MaskId);
        AddId("fim_pad", FimPadId);
        AddId("fim_rep", FimRepositoryId);
        AddId("fim_sep", FimSeparatorId);
        AddFlag("add_bos_token", AddBos);
        AddFlag("add_eos_token", AddEos);
        AddFlag("add_space_prefix", AddSpacePrefix);
        AddFlag("remove_extra_whitespaces", RemoveExtraWhitespaces);
        if (!PrecompiledCharacterMap.IsEmpty)
            Add("precompiled_charsmap", GgufValue.OfArray(PrecompiledCharacterMap.ToArray()));
        AddFlag("normalizer.lowercase", Lowercases);
        AddFlag("normalizer.strip_accents", StripsAccents);
        return entries;

        void Add(string name, GgufValue value) => entries.Add(new($"tokenizer.ggml.{name}", value));

        void AddId(string name, int? id)
        {
            if (id is not null)
                Add($"{name}_token_id", GgufValue.Of((uint)id.Value));
        }

        void AddFlag(string name, bool? flag)
        {
            if (flag is not null)
                Add(name, GgufValue.Of(flag.Value));
        }
    }

    /// <summary>
    /// The same with tokens added until there are as many as the model has embeddings: llama.cpp wants both to be equal.
    /// </summary>
    /// <param name="size">How many tokens there shall be.</param>
    /// <returns>The data; as it is where there are as many or more.</returns>
    public TokenizerData PaddedTo(int size)
    {
        int missing = size - Tokens.Count;
        if (missing <= 0)
            return this;
        IEnumerable<int> added = Enumerable.Range(Tokens.Count, missing);
        int[] types = Types.IsEmpty ? [.. Enumerable.Repeat((int)TokenType.Normal, Tokens.Count)] : Types.ToArray();
        return this with
        {
            Tokens = [.. Tokens, .. added.Select(Padding)],
            Types = (int[])[.. types, .. Enumerable.Repeat((int)TokenType.Unused, missing)],
            Scores = Scores.IsEmpty ? Scores : (float[])[.. Scores.Span, .. Enumerable.Repeat(PaddingScore, missing)],
        };
    }

    /// <summary>The score of a token that is only there to fill a place.</summary>
    internal const float PaddingScore = -1000;

    /// <summary>The text of a token that is only there to fill a place.</summary>
    internal static ReadOnlyMemory<byte> Padding(int id) => Encoding.UTF8.GetBytes($"[PAD{id.ToString(CultureInfo.InvariantCulture)}]");

    /// <summary>Refuses what no GGUF key can say.</summary>
    internal void RequireGguf()
    {
        if (WhitespaceIsSuffix)
            throw new UnsupportedTokenizerException("treat_whitespace_as_suffix", "true", []);
        if (ByteFallback && Model == "t5")
            throw new UnsupportedTokenizerException("byte_fallback of a unigram model", "true", []);
        if (NormalizesAsSentencePiece && Model == "llama" && (!PrecompiledCharacterMap.IsEmpty || RemoveExtraWhitespaces == true))
            throw new UnsupportedTokenizerException("normalizer_spec of a BPE model", PrecompiledCharacterMap.IsEmpty ? "remove_extra_whitespaces" : "a character map", []);
    }

    private static GgufValue Strings(IReadOnlyList<ReadOnlyMemory<byte>> texts) =>
        GgufValue.OfStrings(new GgufStringArray([.. texts.Select(Bytes)]));

    private static byte[] Bytes(ReadOnlyMemory<byte> text) =>
        MemoryMarshal.TryGetArray(text, out ArraySegment<byte> segment) && segment.Array is { } all && all.Length == segment.Count
            ? all
            : text.ToArray();
}
