namespace Harness.Formats.Tensors;

/// <summary>A format whose encoder is written once for every register width, and yields the same bytes at each.</summary>
internal interface ILaneEncoder
{
    /// <summary>Encodes whole blocks with registers of one width.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="source">The values.</param>
    /// <param name="importance">How much each value's error counts, or null; then the blocks are one row.</param>
    /// <param name="destination">Room for the blocks.</param>
    /// <param name="blocks">How many blocks.</param>
    static abstract unsafe void EncodeLanes<TLanes>(float* source, float* importance, byte* destination, nint blocks)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Checks spans and picks the width for <see cref="ITensorEncoder{TSelf}.Encode"/>.</summary>
internal static class LaneEncoding
{
    /// <summary>Encodes with the widest registers of this machine.</summary>
    public static void Encode<TFormat>(ReadOnlySpan<float> source, Span<byte> destination)
        where TFormat : struct, ITensorFormat<TFormat>, ILaneEncoder =>
        Encode<TFormat>(source, default, destination);

    /// <summary>Encodes a row with an importance for each column; with none when there are no columns.</summary>
    public static unsafe void Encode<TFormat>(ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination)
        where TFormat : struct, ITensorFormat<TFormat>, ILaneEncoder
    {
        nint blocks = LaneDecoding.CountEncodedBlocks<TFormat>(source.Length, destination.Length);
        if (!importance.IsEmpty && importance.Length != source.Length)
            throw new ArgumentException($"There are {importance.Length} importances for {source.Length} values.", nameof(importance));
        fixed (float* from = source, weights = importance)
        fixed (byte* to = destination)
        {
            switch (LaneWidth.Preferred)
            {
                case 16:
                    TFormat.EncodeLanes<Lanes512>(from, weights, to, blocks);
                    break;
                case 8:
                    TFormat.EncodeLanes<Lanes256>(from, weights, to, blocks);
                    break;
                default:
                    TFormat.EncodeLanes<Lanes128>(from, weights, to, blocks);
                    break;
            }
        }
    }
}
