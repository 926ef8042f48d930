using System.Collections;
using System.Runtime.InteropServices;
using Harness.Formats.Gguf;

namespace Harness.Text;

/// <content>Reading the data from a GGUF file's metadata.</content>
public sealed partial record TokenizerData
{
    /// <summary>
    /// Reads what a GGUF file says of its tokenizer (keys <c>tokenizer.ggml.*</c>,
    /// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
    /// </summary>
    /// <param name="metadata">The file's metadata; tokens are views of it, not copies.</param>
    /// <returns>The data.</returns>
    /// <exception cref="GgufException">A key is missing or of the wrong type.</exception>
    /// <exception cref="TokenizerException">Scores or types are fewer than tokens.</exception>
    /// <exception cref="NoVocabularyException">The model works on ids alone.</exception>
    public static TokenizerData FromGguf(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        string model = metadata.GetString("tokenizer.ggml.model");
        if (model is "no_vocab" or "none")
            throw new NoVocabularyException(model);
        GgufStringArray tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        metadata.TryGetArray("tokenizer.ggml.scores", out ReadOnlyMemory<float> scores);
        metadata.TryGetArray("tokenizer.ggml.token_type", out ReadOnlyMemory<int> types);
        RequireAll("scores", scores.Length, tokens.Count);
        RequireAll("token_type", types.Length, tokens.Count);
        return new TokenizerData
        {
            Model = model,
            Pre = Text(metadata, "tokenizer.ggml.pre"),
            Tokens = new StringList(tokens),
            Scores = scores,
            Types = types,
            Merges = metadata.TryGetStrings("tokenizer.ggml.merges", out GgufStringArray? merges) ? new StringList(merges) : [],
            BosId = Id(metadata, "bos"),
            EosId = Id(metadata, "eos"),
            EotId = Id(metadata, "eot"),
            EomId = Id(metadata, "eom"),
            UnkId = Id(metadata, "unknown"),
            PadId = Id(metadata, "padding"),
            SepId = Id(metadata, "seperator"),
            MaskId = Id(metadata, "mask"),
            FimPadId = Id(metadata, "fim_pad"),
            FimRepositoryId = Id(metadata, "fim_rep"),
            FimSeparatorId = Id(metadata, "fim_sep"),
            AddBos = Flag(metadata, "tokenizer.ggml.add_bos_token"),
            AddEos = Flag(metadata, "tokenizer.ggml.add_eos_token"),
            AddSpacePrefix = Flag(metadata, "tokenizer.ggml.add_space_prefix"),
            RemoveExtraWhitespaces = Flag(metadata, "tokenizer.ggml.remove_extra_whitespaces"),
            PrecompiledCharacterMap = CharacterMap(metadata),
            Lowercases = Flag(metadata, "tokenizer.ggml.normalizer.lowercase"),
            StripsAccents = Flag(metadata, "tokenizer.ggml.normalizer.strip_accents"),
            ModelName = Text(metadata, "general.name"),
            Architecture = Text(metadata, "general.architecture"),
        };
    }

    private static string? Text(GgufMetadata metadata, string key) =>
        metadata.TryGetString(key, out string? value) ? value : null;

    private static bool? Flag(GgufMetadata metadata, string key) =>
        metadata.TryGetBoolean(key, out bool value) ? value : null;

    // An id of −1, in either width, means none.
    private static int? Id(GgufMetadata metadata, string name) =>
        metadata.TryGetNumber($"tokenizer.ggml.{name}_token_id", out long value) && value is >= 0 and <= int.MaxValue
            ? (int)value
            : null;

    // Written as int8 or uint8; the bytes are the same.
    private static ReadOnlyMemory<byte> CharacterMap(GgufMetadata metadata)
    {
        const string Key = "tokenizer.ggml.precompiled_charsmap";
        if (!metadata.TryGet(Key, out GgufValue? value))
            return default;
        if (value.ElementType == GgufValueType.Int8 && value.TryAsArray(out ReadOnlyMemory<sbyte> signed))
            return MemoryMarshal.AsBytes(signed.Span).ToArray();
        return metadata.GetArray<byte>(Key);
    }

    private static void RequireAll(string name, int count, int tokens)
    {
        if (count > 0 && count < tokens)
        {
            throw new TokenizerException(
                FormattableString.Invariant($"tokenizer.ggml.{name} has {count} entries for {tokens} tokens: convert the model again."));
        }
    }

    private sealed class StringList(GgufStringArray strings) : IReadOnlyList<ReadOnlyMemory<byte>>
    {
        public int Count => strings.Count;

        public ReadOnlyMemory<byte> this[int index] => strings.GetMemory(index);

        public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
        {
            for (int i = 0; i < strings.Count; i++)
                yield return strings.GetMemory(i);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
