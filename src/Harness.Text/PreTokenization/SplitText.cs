using System.Runtime.CompilerServices;
using Harness.Text.Vocabulary;

namespace Harness.Text.PreTokenization;

/// <summary>Text laid out for splitting: for each code point its kind and where its bytes begin.</summary>
internal readonly ref struct SplitText
{
    private readonly ReadOnlySpan<byte> utf8;
    private readonly ReadOnlySpan<int> offsets;

    private SplitText(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> kinds, ReadOnlySpan<int> offsets)
    {
        this.utf8 = utf8;
        this.offsets = offsets;
        Kinds = kinds;
    }

    /// <summary>The <see cref="CodePointKind"/> of each code point.</summary>
    public ReadOnlySpan<byte> Kinds { get; }

    /// <summary>How many code points there are.</summary>
    public int Length => Kinds.Length;

    /// <summary>Lays text out in buffers that are kept for the next text.</summary>
    /// <param name="utf8">Well-formed text.</param>
    /// <param name="kinds">Grown where needed.</param>
    /// <param name="offsets">Grown where needed.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static SplitText Of(ReadOnlySpan<byte> utf8, ref byte[] kinds, ref int[] offsets)
    {
        if (kinds.Length < utf8.Length)
        {
            kinds = new byte[utf8.Length];
            offsets = new int[utf8.Length + 1];
        }

        int count = 0;
        int at = 0;
        while (at < utf8.Length)
        {
            byte lead = utf8[at];
            offsets[count] = at;
            if (lead < 0x80)
            {
                kinds[count++] = lead;
                at++;
                continue;
            }

            kinds[count++] = CodePointKind.Of(LenientUtf8.DecodeFirst(utf8[at..]));
            at += LenientUtf8.OfLeadByte(lead);
        }

        offsets[count] = at;
        return new SplitText(utf8, kinds.AsSpan(0, count), offsets.AsSpan(0, count + 1));
    }

    /// <summary>The code point itself.</summary>
    public int CodePointAt(int index) => LenientUtf8.DecodeFirst(utf8[offsets[index]..]);

    /// <summary>The bytes of a run of code points.</summary>
    public ReadOnlySpan<byte> Bytes(int start, int end) => utf8[offsets[start]..offsets[end]];
}
