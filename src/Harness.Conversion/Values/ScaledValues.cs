namespace Harness.Conversion.Values;

/// <summary>A matrix of 8-bit floats, each block of it multiplied by a scale of its own.</summary>
/// <param name="inner">The matrix.</param>
/// <param name="scales">The scales, row by row of blocks.</param>
/// <param name="blockRows">Rows of a block.</param>
/// <param name="blockColumns">Columns of a block.</param>
internal sealed class ScaledValues(TensorValues inner, float[] scales, long blockRows, long blockColumns) : TensorValues(inner.Shape)
{
    private readonly long columns = inner.Shape[^1];
    private readonly long blocksAcross = (inner.Shape[^1] + blockColumns - 1) / blockColumns;

    public override void Read(long first, Span<float> destination)
    {
        inner.Read(first, destination);
        while (!destination.IsEmpty)
        {
            (long row, long column) = Math.DivRem(first, columns);
            long block = column / blockColumns;
            int length = (int)Math.Min(destination.Length, Math.Min(columns, (block + 1) * blockColumns) - column);
            float scale = scales[(row / blockRows * blocksAcross) + block];
            for (int i = 0; i < length; i++)
                destination[i] *= scale;
            destination = destination[length..];
            first += length;
        }
    }
}
