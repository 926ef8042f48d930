namespace Harness.Text;

/// <summary>
/// A tokenizer cannot be built from what a model says of it. The message names the field, what it holds, and what
/// was expected.
/// </summary>
public class TokenizerException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, where, and what to do about it.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public TokenizerException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The model asks for a tokenizer this library does not know: a fact about us, not a fault of the file. Other
/// tokenizers are never used in its place, because wrong ids look like a bad model.
/// </summary>
public sealed class UnsupportedTokenizerException : TokenizerException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="field">The metadata field: <c>tokenizer.ggml.model</c> or <c>tokenizer.ggml.pre</c>.</param>
    /// <param name="value">What the field holds.</param>
    /// <param name="near">Known names like it, best first.</param>
    public UnsupportedTokenizerException(string field, string value, IReadOnlyList<string> near)
        : base(Describe(field, value, near))
    {
        Field = field;
        Value = value;
        Near = near;
    }

    /// <summary>The metadata field.</summary>
    public string Field { get; }

    /// <summary>What the field holds.</summary>
    public string Value { get; }

    /// <summary>Known names like it, best first; may be empty.</summary>
    public IReadOnlyList<string> Near { get; }

    private static string Describe(string field, string value, IReadOnlyList<string> near)
    {
        string known = near.Count == 0 ? string.Empty : $" Known and like it: {string.Join(", ", near)}.";
        return $"Unsupported tokenizer: {field} is '{value}'.{known}";
    }
}

/// <summary>The model has no tokenizer at all: it takes ids and gives ids.</summary>
public sealed class NoVocabularyException : TokenizerException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="model">What <c>tokenizer.ggml.model</c> holds: <c>none</c> or <c>no_vocab</c>.</param>
    public NoVocabularyException(string model)
        : base($"The model has no tokenizer (tokenizer.ggml.model is '{model}'): it takes token ids, not text.")
    {
    }
}
