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

    /// <summary>Blocks of 32 with their sum beside the scale: ggml's form of activations. 9 bits a value.</summary>
    Q8_1 = 9,

    /// <summary>Super-blocks of 256: 16 sub-blocks of 16 with 4-bit scales and minima, 2-bit quants. 2.625 bits a weight.</summary>
    Q2_K = 10,

    /// <summary>Super-blocks of 256: 16 sub-blocks of 16 with 6-bit scales, 3-bit quants. 3.4375 bits a weight.</summary>
    Q3_K = 11,

    /// <summary>Super-blocks of 256: 8 sub-blocks of 32 with 6-bit scales and minima, 4-bit quants. 4.5 bits a weight.</summary>
    Q4_K = 12,

    /// <summary>Super-blocks of 256: 8 sub-blocks of 32 with 6-bit scales and minima, 5-bit quants. 5.5 bits a weight.</summary>
    Q5_K = 13,

    /// <summary>Super-blocks of 256: 16 sub-blocks of 16 with 8-bit scales, 6-bit quants. 6.5625 bits a weight.</summary>
    Q6_K = 14,

    /// <summary>Super-blocks of 256 with the sums of 16 each: ggml's form of activations. 9.125 bits a value.</summary>
    Q8_K = 15,

    /// <summary>Super-blocks of 256: lattice codes of 8 bits for eight magnitudes, signs by sevens. 2.0625 bits a weight.</summary>
    IQ2_XXS = 16,

    /// <summary>Super-blocks of 256: lattice codes of 9 bits for eight magnitudes, signs by sevens. 2.3125 bits a weight.</summary>
    IQ2_XS = 17,

    /// <summary>Super-blocks of 256: lattice codes of 8 bits for four magnitudes, signs by sevens. 3.0625 bits a weight.</summary>
    IQ3_XXS = 18,

    /// <summary>Super-blocks of 256: lattice codes of 11 bits for eight ternary values. 1.5625 bits a weight.</summary>
    IQ1_S = 19,

    /// <summary>Blocks of 32: one binary16 scale, 4-bit codes of uneven levels. 4.5 bits a weight.</summary>
    IQ4_NL = 20,

    /// <summary>Super-blocks of 256: lattice codes of 9 bits for four magnitudes, all signs. 3.4375 bits a weight.</summary>
    IQ3_S = 21,

    /// <summary>Super-blocks of 256: lattice codes of 10 bits for eight magnitudes, all signs. 2.5625 bits a weight.</summary>
    IQ2_S = 22,

    /// <summary>Super-blocks of 256: 8 sub-blocks of 32 with 6-bit scales, 4-bit codes of uneven levels. 4.25 bits a weight.</summary>
    IQ4_XS = 23,

    /// <summary>Super-blocks of 256: as <see cref="IQ1_S"/>, with scales for each 16 values. 1.75 bits a weight.</summary>
    IQ1_M = 29,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16 = 30,

    /// <summary>Super-blocks of 256 ternary values, five to a byte. 1.6875 bits a weight.</summary>
    TQ1_0 = 34,

    /// <summary>Super-blocks of 256 ternary values, four to a byte. 2.0625 bits a weight.</summary>
    TQ2_0 = 35,

    /// <summary>Blocks of 32: a power of two, 32 × 4-bit floats (OCP Microscaling). 4.25 bits a weight.</summary>
    MXFP4 = 39,

    /// <summary>Blocks of 64: an 8-bit float as scale for each 16, 64 × 4-bit floats. 4.5 bits a weight.</summary>
    NVFP4 = 40,

    /// <summary>Blocks of 128: one binary16 scale, 128 signs. 1.125 bits a weight.</summary>
    Q1_0 = 41,

    /// <summary>Blocks of 64: one binary16 scale, 64 × 2 bits, offset 1. 2.25 bits a weight.</summary>
    Q2_0 = 42,

    /// <summary>8-bit float with 4 bits of exponent, of safetensors files; no GGUF file has this number.</summary>
    F8_E4M3 = 0xF8_43,

    /// <summary>8-bit float with 5 bits of exponent, of safetensors files; no GGUF file has this number.</summary>
    F8_E5M2 = 0xF8_52,
}
