namespace Harness.Text;

/// <summary>Turns text into ids and back, whatever file it was read from.</summary>
public interface ITextTokenizer
{
    /// <summary>How many ids there are: from 0 to this − 1.</summary>
    int VocabularySize { get; }

    /// <summary>Encodes text onto the end of a list; adds neither BOS nor EOS.</summary>
    /// <param name="utf8">The text, UTF-8.</param>
    /// <param name="parseSpecial">Whether the text of special tokens becomes those tokens.</param>
    /// <param name="ids">Receives the ids.</param>
    void Encode(ReadOnlySpan<byte> utf8, bool parseSpecial, List<int> ids);
}
