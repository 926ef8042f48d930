namespace Harness.Engine.Kernels.Integer;

/// <summary>How many columns of a panel an instruction multiplies, and in what width. The sums are the same integers.</summary>
internal enum TileForm
{
    /// <summary>Bytes, two columns to 16 bits; sums stay there as long as they fit. AVX2.</summary>
    Pairs,

    /// <summary>16-bit values with their groups' scales multiplied in, two columns to 32 bits. AVX2.</summary>
    Words,

    /// <summary>Bytes, four columns to 32 bits. VNNI.</summary>
    Fours,
}
