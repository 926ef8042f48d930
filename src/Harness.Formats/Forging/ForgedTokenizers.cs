namespace Harness.Formats.Forging;

/// <summary>Chooses a forged model's tokenizer.</summary>
public static class ForgedTokenizers
{
    // Llama 3's 128,256 tokens are the first llama vocabulary beyond SentencePiece's sizes.
    private const int LeastBpeVocabulary = 100_000;

    /// <summary>The kind that models of an architecture and vocabulary size usually have.</summary>
    /// <param name="architecture">The architecture as GGUF names it.</param>
    /// <param name="vocabulary">The number of tokens.</param>
    /// <returns>The kind.</returns>
    public static ForgedTokenizer For(string architecture, int vocabulary) => architecture switch
    {
        _ when architecture.StartsWith("qwen", StringComparison.Ordinal) => ForgedTokenizer.BpeQwen2,
        _ when vocabulary >= LeastBpeVocabulary => ForgedTokenizer.BpeLlama,
        _ => ForgedTokenizer.SentencePiece,
    };
}
