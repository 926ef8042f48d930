using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>The last step of the K-quant encoders: quants against the scales that were stored, a byte each.</summary>
internal static unsafe class QuantPacking
{
    /// <summary>Rounds <c>(value + minimum) ÷ scale</c> within bounds and stores what it is above an offset.</summary>
    /// <typeparam name="TLanes">The width.</typeparam>
    /// <param name="values">The sub-block's values.</param>
    /// <param name="count">How many; a multiple of 16.</param>
    /// <param name="scale">The scale, not 0.</param>
    /// <param name="minimum">The minimum.</param>
    /// <param name="least">The least quant; what is stored is the quant less this.</param>
    /// <param name="most">The largest quant.</param>
    /// <param name="quants">Receives a byte a value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Round<TLanes>(float* values, int count, float scale, float minimum, int least, int most, byte* quants)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes divisor = TLanes.Fill(scale), added = TLanes.Fill(minimum), offset = TLanes.Fill(-least);
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes q = QuantRounding.Nearest((TLanes.Load(values + i) + added) / divisor, TLanes.Fill(least), TLanes.Fill(most));
            TLanes.AddInteger(q, offset).StoreBytes(quants + i);
        }
    }
}
