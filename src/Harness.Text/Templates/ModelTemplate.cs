using System.Text;
using Harness.Formats.Gguf;

namespace Harness.Text.Templates;

/// <summary>What a GGUF file says of its chat template.</summary>
public static class ModelTemplate
{
    /// <summary>The key of a file's chat template.</summary>
    public const string Key = "tokenizer.chat_template";

    /// <summary>The text of a file's special token, as a template's <c>bos_token</c> is.</summary>
    /// <param name="metadata">The file's metadata.</param>
    /// <param name="name"><c>bos</c> or <c>eos</c>.</param>
    /// <returns>The text; null when the file names no such token, or has no vocabulary.</returns>
    public static string? TokenText(GgufMetadata metadata, string name)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata.TryGetNumber($"tokenizer.ggml.{name}_token_id", out long id)
            && metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens) && id >= 0 && id < tokens.Count
                ? Encoding.UTF8.GetString(tokens[(int)id])
                : null;
    }
}
