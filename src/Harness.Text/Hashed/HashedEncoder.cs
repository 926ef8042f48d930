using System.Globalization;
using System.Text;

namespace Harness.Text.Hashed;

/// <summary>
/// The kind <c>test</c> of llama.cpp v0.5.0, for files without a real vocabulary: every five bytes are one token, whose id is
/// their polynomial in 31 modulo the vocabulary's size. A token's text is its id in hexadecimal.
/// </summary>
internal sealed class HashedEncoder(int vocabularySize) : TextEncoder
{
    private const int BytesAToken = 5;
    private const uint Factor = 31;

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        for (int at = 0; at < utf8.Length; at += BytesAToken)
        {
            uint hash = 0;
            foreach (byte value in utf8[at..Math.Min(utf8.Length, at + BytesAToken)])
                hash = (hash * Factor) + value;
            ids.Add((int)(hash % (uint)vocabularySize));
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) =>
        Encoding.ASCII.GetBytes(id.ToString("x", CultureInfo.InvariantCulture));
}
