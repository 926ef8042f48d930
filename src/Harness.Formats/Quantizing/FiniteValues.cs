using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>Refuses values that no model should hold, and those that a type cannot: by tensor and row.</summary>
internal static class FiniteValues
{
    // Half precision's largest: scales below it are stored as they are.
    private const float LargestHalf = 65504;

    /// <summary>Refuses NaN and infinities.</summary>
    /// <param name="values">Whole rows.</param>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="firstRow">The first of the rows.</param>
    /// <returns>Whether some value is larger than half precision holds.</returns>
    public static bool Check(ReadOnlySpan<float> values, long rowLength, string tensor, long firstRow)
    {
        // As integers, magnitudes sort as they do as floats, and what is not finite is larger than all that is.
        ReadOnlySpan<int> bits = MemoryMarshal.Cast<float, int>(values);
        Vector<int> largest = Vector<int>.Zero, unsigned = new(0x7FFFFFFF);
        int i = 0;
        for (; i <= bits.Length - Vector<int>.Count; i += Vector<int>.Count)
            largest = Vector.Max(largest, new Vector<int>(bits[i..]) & unsigned);
        int most = 0;
        for (int lane = 0; lane < Vector<int>.Count; lane++)
            most = Math.Max(most, largest[lane]);
        for (; i < bits.Length; i++)
            most = Math.Max(most, bits[i] & 0x7FFFFFFF);
        float value = BitConverter.Int32BitsToSingle(most);
        if (!float.IsFinite(value))
            throw Refused(values, rowLength, tensor, firstRow);
        return value > LargestHalf;
    }

    /// <summary>Refuses blocks that do not decode to finite values: a scale beyond half precision.</summary>
    /// <param name="format">The blocks' format.</param>
    /// <param name="blocks">Whole rows of them.</param>
    /// <param name="rowLength">Values of a row.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="firstRow">The first of the rows.</param>
    public static void CheckEncoded(TensorFormat format, ReadOnlySpan<byte> blocks, long rowLength, string tensor, long firstRow)
    {
        var values = new float[blocks.Length / format.BlockBytes * format.BlockLength];
        format.Decode(blocks, values);
        int wrong = Array.FindIndex(values, value => !float.IsFinite(value));
        if (wrong < 0) return;
        throw new QuantizeException(
            string.Create(CultureInfo.InvariantCulture, $"row {firstRow + (wrong / rowLength)} of '{tensor}' holds values too large for {format.Type}"),
            tensor,
            "Give this tensor another type, as --tensor 'NAME=BF16'.");
    }

    private static QuantizeException Refused(ReadOnlySpan<float> values, long rowLength, string tensor, long firstRow)
    {
        int at = 0;
        while (float.IsFinite(values[at])) at++;
        string what = float.IsNaN(values[at]) ? "NaN (not a number)" : "an infinity";
        return new QuantizeException(
            string.Create(CultureInfo.InvariantCulture, $"'{tensor}' holds {what} in row {firstRow + (at / rowLength)}, column {at % rowLength}"),
            tensor,
            "The model is damaged or its training diverged; download or convert it again.");
    }
}
