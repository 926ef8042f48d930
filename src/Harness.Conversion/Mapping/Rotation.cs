using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>
/// Which values of a head turn together. The transformers library pairs a head's first half with its second; GGUF files of
/// some architectures pair neighbours instead, and so the rows of query and key change places.
/// </summary>
internal enum Rotation
{
    /// <summary>Left as it is: pairs of half heads, or no rotation.</summary>
    AsStored,

    /// <summary>Rows of each head reordered, so that what was a pair of half heads are neighbours.</summary>
    ToNeighbours,
}

/// <summary>The reordering that <see cref="Rotation.ToNeighbours"/> asks for.</summary>
internal static class RotatedRows
{
    /// <summary>Reorders the rows of a projection, or the values of its bias.</summary>
    /// <param name="values">Rows of all heads; the first dimension is theirs.</param>
    /// <param name="head">The length of a head.</param>
    /// <param name="rotation">Whether to reorder.</param>
    public static TensorValues Reordered(this TensorValues values, Dim head, Rotation rotation)
    {
        long length = head.Value, half = length / 2;
        return rotation == Rotation.AsStored
            ? values
            : values.Select(values.Shape[0], row => (row / length * length) + (row % 2 * half) + (row % length / 2));
    }
}
