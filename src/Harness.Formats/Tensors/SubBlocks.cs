using System.Runtime.CompilerServices;

namespace Harness.Formats.Tensors;

/// <summary>
/// Sub-blocks side by side: value <c>i</c> of sub-block <c>s</c> at <c>16 i + s</c>, so that a register holds the same
/// value of several sub-blocks. Each lane then does one sub-block's arithmetic in the order that llama.cpp's scalar
/// loops do it, and yields its bytes, while all lanes search at once.
/// </summary>
internal static unsafe class SubBlocks
{
    /// <summary>Sub-blocks side by side: as many as the widest register has lanes.</summary>
    public const int Width = 16;

    /// <summary>Lays sub-blocks side by side; those that are missing are zeros.</summary>
    /// <param name="source">The sub-blocks, one after the other.</param>
    /// <param name="length">Values of a sub-block.</param>
    /// <param name="count">How many, at most <see cref="Width"/>.</param>
    /// <param name="destination">Room for <paramref name="length"/> × <see cref="Width"/> values.</param>
    public static void SideBySide(float* source, int length, int count, float* destination)
    {
        if (count < Width)
            new Span<float>(destination, length * Width).Clear();
        for (int s = 0; s < count; s++, source += length)
        {
            float* column = destination + s;
            for (int i = 0; i < length; i++, column += Width)
                *column = source[i];
        }
    }

    /// <summary>
    /// What an error counts for under an importance matrix: <c>importance × √(mean square + value²)</c>, and its sum.
    /// </summary>
    /// <param name="values">Sub-blocks side by side.</param>
    /// <param name="importance">Importances, laid out as the values; receives the weights.</param>
    /// <param name="length">Values of a sub-block.</param>
    /// <param name="meanSquares">A mean square for each sub-block.</param>
    /// <param name="sums">Receives the sum of each sub-block's weights, or null.</param>
    public static void Weigh<TLanes>(float* values, float* importance, int length, float* meanSquares, float* sums)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int s = 0; s < Width; s += TLanes.Count)
        {
            TLanes meanSquare = TLanes.Load(meanSquares + s), sum = TLanes.Zero;
            for (int i = s; i < length * Width; i += Width)
            {
                TLanes value = TLanes.Load(values + i);
                TLanes weight = TLanes.Load(importance + i) * TLanes.Sqrt(meanSquare + (value * value));
                weight.Store(importance + i);
                sum += weight;
            }

            if (sums != null)
                sum.Store(sums + s);
        }
    }

    /// <summary>The sum of squares, in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumOfSquares(float* values, nint count)
    {
        float sum = 0;
        for (nint i = 0; i < count; i++)
            sum += values[i] * values[i];
        return sum;
    }
}
