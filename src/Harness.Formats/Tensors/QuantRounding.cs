using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Rounding as llama.cpp's quantizers round (<c>nearest_int</c> in ggml-quants.c): to the nearest integer, halves to even,
/// of values below 2²² in magnitude.
/// </summary>
internal static class QuantRounding
{
    // 1.5 × 2²³ moves the integer into the last bits of the mantissa, rounded on the way.
    private const float Mover = 12582912;
    private const int Mantissa = 0x7FFFFF;
    private const int Moved = 0x400000;

    /// <summary>The nearest integer.</summary>
    public static int Nearest(float value) => (BitConverter.SingleToInt32Bits(value + Mover) & Mantissa) - Moved;

    /// <summary>The nearest integer within bounds.</summary>
    public static int Nearest(float value, int least, int most) => Math.Min(Math.Max(Nearest(value), least), most);

    /// <summary>The nearest integers within bounds, as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Nearest<TLanes>(TLanes value, TLanes least, TLanes most)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes integer = TLanes.AddInteger((value + TLanes.Fill(Mover)) & TLanes.Fill(Mantissa), TLanes.Fill(-Moved));
        return TLanes.MinInteger(TLanes.MaxInteger(integer, least), most);
    }
}
