namespace Harness.Formats.Tensors;

/// <summary>A format whose unpacking is written once for every register width.</summary>
internal interface ILaneDecoder
{
    /// <summary>Decodes whole blocks with registers of one width.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="source">The blocks.</param>
    /// <param name="destination">Room for the values of all blocks.</param>
    /// <param name="blocks">How many blocks.</param>
    static abstract unsafe void DecodeLanes<TLanes>(byte* source, float* destination, nint blocks)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Checks spans and picks the width for <see cref="ITensorFormat{TSelf}.Decode"/>.</summary>
internal static class LaneDecoding
{
    /// <summary>Decodes with the widest registers of this machine.</summary>
    public static unsafe void Decode<TFormat>(ReadOnlySpan<byte> source, Span<float> destination)
        where TFormat : struct, ITensorFormat<TFormat>, ILaneDecoder
    {
        nint blocks = CountBlocks<TFormat>(source.Length, destination.Length);
        fixed (byte* from = source)
        fixed (float* to = destination)
        {
            switch (LaneWidth.Preferred)
            {
                case 16:
                    TFormat.DecodeLanes<Lanes512>(from, to, blocks);
                    break;
                case 8:
                    TFormat.DecodeLanes<Lanes256>(from, to, blocks);
                    break;
                case 4:
                    TFormat.DecodeLanes<Lanes128>(from, to, blocks);
                    break;
                default:
                    TFormat.DecodeScalar(source, destination);
                    break;
            }
        }
    }

    /// <summary>The number of blocks in a source, checked to be whole and to fit the destination.</summary>
    public static nint CountBlocks<TFormat>(int sourceBytes, int destinationValues)
        where TFormat : struct, ITensorFormat<TFormat>
    {
        (int blocks, int rest) = Math.DivRem(sourceBytes, TFormat.BlockBytes);
        if (rest != 0)
        {
            throw new ArgumentException(
                $"{sourceBytes} bytes are no whole number of {TFormat.Type} blocks of {TFormat.BlockBytes} bytes.");
        }

        if ((long)blocks * TFormat.BlockLength > destinationValues)
        {
            throw new ArgumentException(
                $"{blocks} {TFormat.Type} blocks hold {(long)blocks * TFormat.BlockLength} values; there is room for {destinationValues}.");
        }

        return blocks;
    }

    /// <summary>The number of blocks in a source of values, checked to be whole and to fit the destination.</summary>
    public static int CountEncodedBlocks<TFormat>(int sourceValues, int destinationBytes)
        where TFormat : struct, ITensorFormat<TFormat>
    {
        (int blocks, int rest) = Math.DivRem(sourceValues, TFormat.BlockLength);
        if (rest != 0)
        {
            throw new ArgumentException(
                $"{sourceValues} values are no whole number of {TFormat.Type} blocks of {TFormat.BlockLength} values.");
        }

        if ((long)blocks * TFormat.BlockBytes > destinationBytes)
        {
            throw new ArgumentException(
                $"{blocks} {TFormat.Type} blocks take {(long)blocks * TFormat.BlockBytes} bytes; there is room for {destinationBytes}.");
        }

        return blocks;
    }
}
