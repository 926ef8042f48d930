using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Encode(ReadOnlySpan<byte> utf8, bool afterSpecial, EncodingSession session, List<int> ids)
    {
        int before = ids.Count;
        CollectionsMarshal.SetCount(ids, before + ((utf8.Length + BytesAToken - 1) / BytesAToken));
        Span<int> added = CollectionsMarshal.AsSpan(ids)[before..];
        ulong reciprocal = (ulong.MaxValue / (uint)vocabularySize) + 1;
        int at = 0;
        foreach (ref int id in added)
        {
            uint hash = 0;
            if (utf8.Length - at >= BytesAToken)
            {
                ReadOnlySpan<byte> five = utf8.Slice(at, BytesAToken);
                hash = (((((((five[0] * Factor) + five[1]) * Factor) + five[2]) * Factor) + five[3]) * Factor) + five[4];
            }
            else
            {
                foreach (byte value in utf8[at..])
                    hash = (hash * Factor) + value;
            }

            // The remainder without a division (Lemire, Kaser, Kurz 2019).
            id = (int)Math.BigMul(unchecked(reciprocal * hash), (ulong)(uint)vocabularySize, out _);
            at += BytesAToken;
        }
    }

    /// <inheritdoc/>
    public override byte[] Piece(int id, ReadOnlySpan<byte> text) =>
        Encoding.ASCII.GetBytes(id.ToString("x", CultureInfo.InvariantCulture));
}
