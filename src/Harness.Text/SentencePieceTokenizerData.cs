using Harness.Text.SentencePiece;

namespace Harness.Text;

/// <content>Reading the data from a SentencePiece model.</content>
public sealed partial record TokenizerData
{
    /// <summary>Reads what a SentencePiece <c>tokenizer.model</c> says, BPE or unigram.</summary>
    /// <param name="bytes">The file's bytes; tokens are views of them, not copies.</param>
    /// <returns>The data.</returns>
    /// <exception cref="TokenizerException">It is damaged, or of another kind.</exception>
    public static TokenizerData FromSentencePiece(ReadOnlyMemory<byte> bytes) => SentencePieceModel.Read(bytes);
}
