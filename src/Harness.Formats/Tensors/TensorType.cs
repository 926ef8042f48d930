namespace Harness.Formats.Tensors;

/// <summary>
/// The element or block type of a stored tensor, numbered as in GGUF files
/// (the <c>ggml_type</c> enumeration of the GGUF specification).
/// </summary>
public enum TensorType : uint
{
    /// <summary>IEEE 754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE 754 binary16.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: one binary16 scale, 32 × 4 bits, offset 8. 4.5 bits a weight.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: one binary16 scale and minimum, 32 × 4 bits. 5 bits a weight.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32: one binary16 scale, 32 × 5 bits, offset 16. 5.5 bits a weight.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32: one binary16 scale and minimum, 32 × 5 bits. 6 bits a weight.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32: one binary16 scale, 32 × 8 bits. 8.5 bits a weight.</summary>
    Q8_0 = 8,

    /// <summary>Super-blocks of 256: 8 sub-blocks of 32 with 6-bit scales and minima, 4-bit quants. 4.5 bits a weight.</summary>
    Q4_K = 12,

    /// <summary>Super-blocks of 256: 8 sub-blocks of 32 with 6-bit scales and minima, 5-bit quants. 5.5 bits a weight.</summary>
    Q5_K = 13,

    /// <summary>Super-blocks of 256: 16 sub-blocks of 16 with 8-bit scales, 6-bit quants. 6.5625 bits a weight.</summary>
    Q6_K = 14,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16 = 30,

    /// <summary>Blocks of 32: a power of two, 32 × 4-bit floats (OCP Microscaling). 4.25 bits a weight.</summary>
    MXFP4 = 39,
}
