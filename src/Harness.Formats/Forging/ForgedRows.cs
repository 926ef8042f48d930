using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>Fills one row of stored values or blocks from a row's random bits.</summary>
/// <param name="random">The row's bits, from their start.</param>
/// <param name="row">Filled to its end.</param>
internal delegate void RowForge(ref ForgeRandom random, Span<byte> row);

/// <summary>Chooses how rows of a tensor type are forged. Values are spread evenly around zero.</summary>
internal static class ForgedRows
{
    /// <summary>A quantization by its name.</summary>
    /// <exception cref="ForgeException">There is none of that name; says which there are.</exception>
    public static Mixture MixtureOf(string name) => Mixture.Find(name) ?? throw new ForgeException(
        $"the quantization '{name}' cannot be forged", "quantization", $"Known are: {string.Join(", ", Mixture.All.Select(m => m.Name))}.");

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
        (uint)TensorType.Q4_1 => SmallBlockRows.Q4_1(spread),
        (uint)TensorType.Q5_0 => SmallBlockRows.Q5_0(spread),
        (uint)TensorType.Q5_1 => SmallBlockRows.Q5_1(spread),
        (uint)TensorType.Q8_0 => SmallBlockRows.Q8_0(spread),
        (uint)TensorType.MXFP4 => FourBitFloatRows.MXFP4(spread),
        (uint)TensorType.NVFP4 => FourBitFloatRows.NVFP4(spread),
        (uint)TensorType.IQ4_NL => new CodeRows(BlockBytes: 18, ScaleAt: 0, Deviation: 67).Of(spread),
        (uint)TensorType.Q1_0 => new CodeRows(BlockBytes: 18, ScaleAt: 0, Deviation: 1, EitherSign: false).Of(spread),

        // Values from -1 to 2, root of mean square 1.22; 11/9 is that.
        (uint)TensorType.Q2_0 => new CodeRows(BlockBytes: 18, ScaleAt: 0, Deviation: 11, Halves: 18).Of(spread),
        (uint)TensorType.TQ1_0 => TernaryRows.TQ1_0(spread),
        (uint)TensorType.TQ2_0 => TernaryRows.TQ2_0(spread),
        (uint)TensorType.Q2_K => SuperBlockRows.Q2_K(spread),
        (uint)TensorType.Q3_K => SuperBlockRows.Q3_K(spread),
        (uint)TensorType.Q4_K => SuperBlockRows.Q4_K(spread),
        (uint)TensorType.Q5_K => SuperBlockRows.Q5_K(spread),
        (uint)TensorType.Q6_K => SuperBlockRows.Q6_K(spread),
        (uint)TensorType.IQ4_XS => SuperBlockRows.IQ4_XS(spread),
        (uint)TensorType.IQ1_S => LatticeRows.IQ1_S(spread),
        (uint)TensorType.IQ1_M => LatticeRows.IQ1_M(spread),
        (uint)TensorType.IQ2_XXS => LatticeRows.IQ2_XXS(spread),
        (uint)TensorType.IQ2_XS => LatticeRows.IQ2_XS(spread),
        (uint)TensorType.IQ2_S => LatticeRows.IQ2_S(spread),
        (uint)TensorType.IQ3_XXS => LatticeRows.IQ3_XXS(spread),
        (uint)TensorType.IQ3_S => LatticeRows.IQ3_S(spread),
        _ => throw new NotSupportedException($"Rows of {(TensorType)type} cannot be forged."),
    };
}
