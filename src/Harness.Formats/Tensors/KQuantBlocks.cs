using System.Buffers.Binary;

namespace Harness.Formats.Tensors;

/// <summary>What the encoders of Q4_K and Q5_K share: scales and minima of eight sub-blocks, then the quants against them.</summary>
internal static class KQuantBlocks
{
    public const int Length = 256;
    public const int SubLength = 32;
    private const int SubBlocks = Length / SubLength;

    /// <summary>Writes <c>d</c>, <c>dmin</c> and the packed scales of a super-block, and finds its quants.</summary>
    /// <param name="values">256 values.</param>
    /// <param name="most">Largest quant: 15 or 31.</param>
    /// <param name="first">Offset of the search's first candidate.</param>
    /// <param name="steps">Its candidates after that.</param>
    /// <param name="header">Receives 16 bytes.</param>
    /// <param name="quants">Receives 256 quants.</param>
    public static void Encode(ReadOnlySpan<float> values, int most, float first, int steps, Span<byte> header, Span<byte> quants)
    {
        Span<float> scales = stackalloc float[SubBlocks];
        Span<float> minima = stackalloc float[SubBlocks];
        float largestScale = 0, largestMinimum = 0;
        for (int sub = 0; sub < SubBlocks; sub++)
        {
            scales[sub] = KQuantSearch.ScaleAndMinimum(
                values.Slice(sub * SubLength, SubLength), most, quants.Slice(sub * SubLength, SubLength), out minima[sub], first, steps);
            if (scales[sub] > largestScale) largestScale = scales[sub];
            if (minima[sub] > largestMinimum) largestMinimum = minima[sub];
        }

        float inverseScale = largestScale > 0 ? 63 / largestScale : 0;
        float inverseMinimum = largestMinimum > 0 ? 63 / largestMinimum : 0;
        Span<byte> packed = header.Slice(4, KQuantScales.Bytes);
        packed.Clear();
        for (int sub = 0; sub < SubBlocks; sub++)
        {
            int scale = Math.Min(63, KQuantSearch.Nearest(inverseScale * scales[sub]) & 255);
            int minimum = Math.Min(63, KQuantSearch.Nearest(inverseMinimum * minima[sub]) & 255);
            KQuantScales.Pack(packed, sub, scale, minimum);
        }

        var d = (Half)(largestScale / 63);
        var dmin = (Half)(largestMinimum / 63);
        BinaryPrimitives.WriteHalfLittleEndian(header, d);
        BinaryPrimitives.WriteHalfLittleEndian(header[2..], dmin);
        for (int sub = 0; sub < SubBlocks; sub++)
        {
            float scale = (float)d * KQuantScales.Scale(packed, sub);
            if (scale == 0) continue;
            float minimum = (float)dmin * KQuantScales.Minimum(packed, sub);
            for (int i = sub * SubLength; i < (sub + 1) * SubLength; i++)
                quants[i] = (byte)KQuantSearch.Nearest((values[i] + minimum) / scale, 0, most);
        }
    }
}
