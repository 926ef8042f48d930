namespace Harness.Conversion.Tests.HfModels;

/// <summary>A small tensor in memory, as the transformers library lays it out.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Outermost length first.</param>
/// <param name="Values">Its values.</param>
internal sealed record HfTensor(string Name, long[] Shape, float[] Values)
{
    /// <summary>Rows of the first dimension: as many values each.</summary>
    private int Stride => Values.Length / (int)Shape[0];

    /// <summary>The same values under another name.</summary>
    public HfTensor Named(string name) => this with { Name = name };

    /// <summary>Rows in a stated order.</summary>
    public HfTensor Rows(string name, IEnumerable<long> order)
    {
        long[] rows = [.. order];
        var values = new float[rows.Length * Stride];
        for (int i = 0; i < rows.Length; i++)
            Values.AsSpan((int)rows[i] * Stride, Stride).CopyTo(values.AsSpan(i * Stride));
        return new HfTensor(name, [rows.Length, .. Shape[1..]], values);
    }

    /// <summary>Some consecutive rows.</summary>
    public HfTensor Part(string name, long first, long count)
    {
        var rows = new List<long>();
        for (long i = 0; i < count; i++)
            rows.Add(first + i);
        return Rows(name, rows);
    }

    /// <summary>A single matrix of a stack.</summary>
    public HfTensor Matrix(string name, int index) => Part(name, index, 1) with { Shape = Shape[1..] };

    /// <summary>Tensors one behind the other along the first dimension.</summary>
    public static HfTensor Joined(string name, params HfTensor[] parts) => new(
        name, [parts.Sum(p => p.Shape[0]), .. parts[0].Shape[1..]], [.. parts.SelectMany(p => p.Values)]);

    /// <summary>Matrices made a stack.</summary>
    public static HfTensor Stacked(string name, params HfTensor[] parts) => new(name, [parts.Length, .. parts[0].Shape], [.. parts.SelectMany(p => p.Values)]);

    /// <summary>A matrix turned over.</summary>
    public HfTensor Turned(string name)
    {
        (long rows, long columns) = (Shape[0], Shape[1]);
        var values = new float[Values.Length];
        for (long r = 0; r < rows; r++)
        {
            for (long c = 0; c < columns; c++)
                values[(c * rows) + r] = Values[(r * columns) + c];
        }

        return new HfTensor(name, [columns, rows], values);
    }

    /// <summary>
    /// Rows of query or key as the transformers library has them, from rows whose neighbours turn together: of each head
    /// first the even ones, then the odd ones.
    /// </summary>
    public HfTensor HalvesApart(string name, int head)
    {
        var order = new List<long>();
        for (long start = 0; start < Shape[0]; start += head)
        {
            for (int i = 0; i < head; i += 2)
                order.Add(start + i);
            for (int i = 1; i < head; i += 2)
                order.Add(start + i);
        }

        return Rows(name, order);
    }
}
