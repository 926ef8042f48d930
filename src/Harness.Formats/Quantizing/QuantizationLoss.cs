using Harness.Formats.Gguf;
using Harness.Formats.Tensors;

namespace Harness.Formats.Quantizing;

/// <summary>What storing a model's weights in other types lost.</summary>
public static class QuantizationLoss
{
    private const int BatchValues = 64 * 1024;

    /// <summary>
    /// Root of the mean squared error over that of the parent's weights, of all tensors together whose type differs.
    /// </summary>
    /// <param name="parent">The file it was made from.</param>
    /// <param name="quantized">The quantized file.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>0 when no type differs.</returns>
    /// <exception cref="GgufException">A file is damaged, or the parent lacks a tensor.</exception>
    public static double Relative(string parent, string quantized, CancellationToken cancellation = default)
    {
        using GgufFile before = GgufFile.Open(parent), after = GgufFile.Open(quantized);
        double error = 0, power = 0;
        foreach (GgufTensor tensor in after.Tensors)
        {
            GgufTensor source = before.GetTensor(tensor.Name);
            if (source.TypeNumber == tensor.TypeNumber || source.ElementCount != tensor.ElementCount) continue;
            if (Decoder(source) is not { } expected || Decoder(tensor) is not { } actual) continue;
            cancellation.ThrowIfCancellationRequested();
            Add(before, source, expected, after, tensor, actual, ref error, ref power);
        }

        return power > 0 ? Math.Sqrt(error / power) : 0;
    }

    /// <summary>Stored bits a weight, all tensors together.</summary>
    /// <param name="tensors">A model's tensors.</param>
    public static double BitsPerWeight(IEnumerable<GgufTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        long bytes = 0, values = 0;
        foreach (GgufTensor tensor in tensors)
            (bytes, values) = (bytes + tensor.ByteLength, values + tensor.ElementCount);
        return values == 0 ? 0 : 8.0 * bytes / values;
    }

    private static TensorFormat? Decoder(GgufTensor tensor) =>
        tensor.Type is { } type && TensorFormats.TryGet(type, out TensorFormat? format) ? format : null;

    private static void Add(
        GgufFile before, GgufTensor source, TensorFormat expected, GgufFile after, GgufTensor tensor, TensorFormat actual, ref double error, ref double power)
    {
        int rows = (int)Math.Max(1, BatchValues / tensor.RowLength);
        float[] wanted = new float[rows * tensor.RowLength], got = new float[rows * tensor.RowLength];
        for (long row = 0; row < tensor.RowCount; row += rows)
        {
            int count = (int)Math.Min(rows, tensor.RowCount - row);
            expected.Decode(before.GetRows(source, row, count), wanted);
            actual.Decode(after.GetRows(tensor, row, count), got);
            for (int i = 0; i < count * (int)tensor.RowLength; i++)
            {
                double difference = (double)got[i] - wanted[i];
                error += difference * difference;
                power += (double)wanted[i] * wanted[i];
            }
        }
    }
}
