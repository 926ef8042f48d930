using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>Fills one row of stored values or blocks from a row's random bits.</summary>
/// <param name="random">The row's bits, from their start.</param>
/// <param name="row">Filled to its end.</param>
internal delegate void RowForge(ref ForgeRandom random, Span<byte> row);

/// <summary>Chooses how rows of a tensor type are forged. Values are spread evenly around zero.</summary>
internal static class ForgedRows
{
    /// <summary>How rows of a type with a given spread are made.</summary>
    /// <param name="type">A tensor type's number.</param>
    /// <param name="spread">How widely the values spread.</param>
    /// <returns>The forge; safe to use from several threads.</returns>
    /// <exception cref="NotSupportedException">No rows of this type can be made.</exception>
    public static RowForge Of(uint type, Spread spread) => type switch
    {
        (uint)TensorType.F32 => FloatRows.F32(spread),
        (uint)TensorType.F16 => FloatRows.F16(spread),
        (uint)TensorType.BF16 => FloatRows.BF16(spread),
        (uint)TensorType.Q4_0 => SmallBlockRows.Q4_0(spread),
        (uint)TensorType.Q5_0 => SmallBlockRows.Q5_0(spread),
        (uint)TensorType.Q5_1 => SmallBlockRows.Q5_1(spread),
        (uint)TensorType.Q8_0 => SmallBlockRows.Q8_0(spread),
        (uint)TensorType.MXFP4 => SmallBlockRows.MXFP4(spread),
        (uint)TensorType.Q4_K => SuperBlockRows.Q4_K(spread),
        (uint)TensorType.Q5_K => SuperBlockRows.Q5_K(spread),
        (uint)TensorType.Q6_K => SuperBlockRows.Q6_K(spread),
        _ => throw new NotSupportedException($"Rows of {(TensorType)type} cannot be forged."),
    };
}
