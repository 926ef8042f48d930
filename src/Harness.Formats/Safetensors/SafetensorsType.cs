namespace Harness.Formats.Safetensors;

/// <summary>A type of values, as <c>dtype</c> names it.</summary>
/// <param name="Name">The name in the header: <c>BF16</c>.</param>
/// <param name="Bits">Bits of one value.</param>
public sealed record SafetensorsType(string Name, int Bits)
{
    /// <summary>Truth values, a byte each.</summary>
    public static SafetensorsType Bool { get; } = new("BOOL", 8);

    /// <summary>Unsigned bytes.</summary>
    public static SafetensorsType U8 { get; } = new("U8", 8);

    /// <summary>Signed bytes.</summary>
    public static SafetensorsType I8 { get; } = new("I8", 8);

    /// <summary>8-bit floats, four bits of exponent.</summary>
    public static SafetensorsType F8E4M3 { get; } = new("F8_E4M3", 8);

    /// <summary>8-bit floats, five bits of exponent.</summary>
    public static SafetensorsType F8E5M2 { get; } = new("F8_E5M2", 8);

    /// <summary>Powers of two: eight bits of exponent and nothing else.</summary>
    public static SafetensorsType F8E8M0 { get; } = new("F8_E8M0", 8);

    /// <summary>16-bit signed integers.</summary>
    public static SafetensorsType I16 { get; } = new("I16", 16);

    /// <summary>16-bit unsigned integers.</summary>
    public static SafetensorsType U16 { get; } = new("U16", 16);

    /// <summary>IEEE 754 binary16.</summary>
    public static SafetensorsType F16 { get; } = new("F16", 16);

    /// <summary>The upper half of binary32.</summary>
    public static SafetensorsType BF16 { get; } = new("BF16", 16);

    /// <summary>32-bit signed integers.</summary>
    public static SafetensorsType I32 { get; } = new("I32", 32);

    /// <summary>32-bit unsigned integers.</summary>
    public static SafetensorsType U32 { get; } = new("U32", 32);

    /// <summary>IEEE 754 binary32.</summary>
    public static SafetensorsType F32 { get; } = new("F32", 32);

    /// <summary>IEEE 754 binary64.</summary>
    public static SafetensorsType F64 { get; } = new("F64", 64);

    /// <summary>64-bit signed integers.</summary>
    public static SafetensorsType I64 { get; } = new("I64", 64);

    /// <summary>64-bit unsigned integers.</summary>
    public static SafetensorsType U64 { get; } = new("U64", 64);

    /// <summary>All types the format knows, those too whose values are not decoded here.</summary>
    public static IReadOnlyList<SafetensorsType> All { get; } =
    [
        Bool, U8, I8, F8E4M3, F8E5M2, F8E8M0, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64,
        new("C64", 64), new("F8_E4M3FNUZ", 8), new("F8_E5M2FNUZ", 8), new("F6_E2M3", 6), new("F6_E3M2", 6), new("F4", 4),
    ];

    /// <summary>A type by the name a header gives it.</summary>
    /// <param name="name">The name, exactly.</param>
    /// <returns>The type, or null when there is none of that name.</returns>
    public static SafetensorsType? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}
