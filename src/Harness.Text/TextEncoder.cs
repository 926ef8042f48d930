namespace Harness.Text;

/// <summary>Turns a stretch of text that holds no special token into ids.</summary>
internal abstract class TextEncoder
{
    /// <summary>Encodes a stretch of text.</summary>
    /// <param name="utf8">The text; may be invalid UTF-8.</param>
    /// <param name="afterSpecial">Whether it stands at the start or right after a special token.</param>
    /// <param name="session">Where to work.</param>
    /// <param name="ids">Receives the ids.</param>
    public abstract void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids);

    /// <summary>The bytes a normal token stands for.</summary>
    /// <param name="id">The token.</param>
    /// <param name="text">Its text in the vocabulary.</param>
    /// <returns>The bytes.</returns>
    public abstract byte[] Piece(int id, ReadOnlySpan<byte> text);
}
