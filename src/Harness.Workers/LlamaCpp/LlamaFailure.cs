using System.Text.RegularExpressions;

namespace Harness.Workers.LlamaCpp;

/// <summary>Turns the error lines llama.cpp logged into an exception that quotes them and says of what kind they are.</summary>
internal static partial class LlamaFailure
{
    private static readonly string[] UnsupportedPhrases =
    [
        "unknown model architecture",
        "unknown pre-tokenizer type",
        "unknown tokenizer",
        "unknown model",
        "unknown projector type",
        "invalid ggml type",
        "unsupported ggml type",
        "unsupported tensor type",
        "unsupported model",
        "unsupported architecture",
        "is not supported",
        "not supported by this",
    ];

    private static readonly string[] MemoryPhrases =
    [
        "failed to allocate",
        "unable to allocate",
        "cannot allocate memory",
        "out of memory",
        "not enough memory",
        "bad_alloc",
        "insufficient memory",
    ];

    /// <summary>The exception for what was logged as errors.</summary>
    /// <param name="what">What was attempted; the whole message when nothing was logged.</param>
    /// <param name="errors">Error lines, in order.</param>
    public static InferenceException From(string what, IReadOnlyList<string> errors)
    {
        string[] lines = [.. errors.Select(WithoutFunction).Where(line => line.Length > 0).Distinct().TakeLast(8)];
        if (lines.Length == 0)
            return new InferenceException(InferenceFailure.Error, $"{what}, and llama.cpp logged no reason");
        // "error loading model: …" is the line that gives the reason; the rest restate it or lead up to it.
        IEnumerable<string> rest = lines.Where(line => !IsReason(line) && !Restates(line));
        IEnumerable<string> ordered = lines.Where(IsReason).Concat(rest);
        string message = string.Join("; ", ordered.Any() ? ordered : lines);
        return new InferenceException(Classify(message), message);
    }

    /// <summary>The kind of failure these words describe.</summary>
    public static InferenceFailure Classify(string message)
    {
        // Memory first: "failed to allocate" says more than what it was for.
        if (MemoryPhrases.Any(phrase => message.Contains(phrase, StringComparison.OrdinalIgnoreCase)))
            return InferenceFailure.OutOfMemory;
        return UnsupportedPhrases.Any(phrase => message.Contains(phrase, StringComparison.OrdinalIgnoreCase))
            ? InferenceFailure.Unsupported
            : InferenceFailure.Error;
    }

    private static bool IsReason(string line) => line.Contains("error loading model", StringComparison.Ordinal);

    private static bool Restates(string line) => line is "failed to load model" or "exiting due to model loading error";

    private static string WithoutFunction(string line) => FunctionPrefix().Replace(line.Trim(), "");

    // Lines begin with the C++ function that wrote them, "llama_model_load: ", which differs between releases.
    [GeneratedRegex(@"^(llama|gguf|ggml|load|init|print)_[A-Za-z0-9_]+: ", RegexOptions.CultureInvariant)]
    private static partial Regex FunctionPrefix();
}
