using Harness.Formats.Gguf;

namespace Harness.Workers.Tests.LlamaCpp;

/// <summary>An importance for each column of a model's matrices, the same wherever it is made.</summary>
internal static class SyntheticImportance
{
    public static IReadOnlyDictionary<string, float[]> Of(string model)
    {
        using GgufFile file = GgufFile.Open(model);
        return file.Tensors.Where(t => t.Shape.Length > 1).ToDictionary(t => t.Name, Columns);
    }

    private static float[] Columns(GgufTensor tensor)
    {
        var random = new Random(tensor.Name.Aggregate(7, (hash, letter) => unchecked((hash * 31) + letter)));
        var values = new float[tensor.RowLength * (tensor.Shape.Length > 2 ? tensor.Shape[2] : 1)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)Math.Pow(random.NextDouble(), 4) * 10;
        return values;
    }
}
