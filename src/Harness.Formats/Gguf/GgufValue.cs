using System.Globalization;
using System.Numerics;
using System.Text;

namespace Harness.Formats.Gguf;

/// <summary>One metadata value: a scalar, a string, or an array of one element type. Immutable.</summary>
public sealed class GgufValue
{
    private readonly ulong bits;
    private readonly object? content;

    private GgufValue(GgufValueType type, ulong bits)
    {
        Type = type;
        this.bits = bits;
    }

    private GgufValue(GgufValueType type, GgufValueType elementType, object content, int length)
    {
        Type = type;
        ElementType = elementType;
        this.content = content;
        Length = length;
    }

    /// <summary>The value's type.</summary>
    public GgufValueType Type { get; }

    /// <summary>For an array, the type of its elements; otherwise equal to <see cref="Type"/>.</summary>
    public GgufValueType ElementType { get => Type == GgufValueType.Array ? field : Type; }

    /// <summary>For an array, how many elements it has; for a string, its bytes; otherwise 1.</summary>
    public int Length { get; } = 1;

    /// <summary>The type in words: <c>uint32</c>, <c>array of string</c>.</summary>
    public string TypeName =>
        Type == GgufValueType.Array ? $"array of {Name(ElementType)}" : Name(Type);

    /// <summary>A string.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(string value) => OfUtf8(Encoding.UTF8.GetBytes(value));

    /// <summary>A string, from its bytes.</summary>
    /// <param name="utf8">The bytes; kept, not copied.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfUtf8(byte[] utf8)
    {
        ArgumentNullException.ThrowIfNull(utf8);
        return new(GgufValueType.String, GgufValueType.String, utf8, utf8.Length);
    }

    /// <summary>A truth value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(bool value) => new(GgufValueType.Bool, value ? 1u : 0u);

    /// <summary>A number, with the GGUF type that is the C# type's own.</summary>
    /// <typeparam name="T">byte, sbyte, ushort, short, uint, int, ulong, long, float or double.</typeparam>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of<T>(T value)
        where T : unmanaged, INumber<T> => value switch
        {
            byte v => new(GgufValueType.UInt8, v),
            sbyte v => new(GgufValueType.Int8, (ulong)v),
            ushort v => new(GgufValueType.UInt16, v),
            short v => new(GgufValueType.Int16, (ulong)v),
            uint v => new(GgufValueType.UInt32, v),
            int v => new(GgufValueType.Int32, (ulong)v),
            ulong v => new(GgufValueType.UInt64, v),
            long v => new(GgufValueType.Int64, (ulong)v),
            float v => new(GgufValueType.Float32, BitConverter.SingleToUInt32Bits(v)),
            double v => new(GgufValueType.Float64, BitConverter.DoubleToUInt64Bits(v)),
            _ => throw new NotSupportedException($"GGUF metadata has no type for {typeof(T).Name}."),
        };

    /// <summary>An array of numbers or truth values.</summary>
    /// <typeparam name="T">byte, sbyte, ushort, short, uint, int, ulong, long, float, double or bool.</typeparam>
    /// <param name="values">The elements; kept, not copied.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray<T>(T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        GgufValueType element = default(T) switch
        {
            byte => GgufValueType.UInt8,
            sbyte => GgufValueType.Int8,
            ushort => GgufValueType.UInt16,
            short => GgufValueType.Int16,
            uint => GgufValueType.UInt32,
            int => GgufValueType.Int32,
            ulong => GgufValueType.UInt64,
            long => GgufValueType.Int64,
            float => GgufValueType.Float32,
            double => GgufValueType.Float64,
            bool => GgufValueType.Bool,
            _ => throw new NotSupportedException($"GGUF metadata has no type for {typeof(T).Name}."),
        };
        return new(GgufValueType.Array, element, values, values.Length);
    }

    /// <summary>An array of strings.</summary>
    /// <param name="strings">The strings, in order.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfStrings(IEnumerable<string> strings) => OfStrings(new GgufStringArray(strings));

    /// <summary>An array of strings.</summary>
    /// <param name="strings">The strings.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfStrings(GgufStringArray strings)
    {
        ArgumentNullException.ThrowIfNull(strings);
        return new(GgufValueType.Array, GgufValueType.String, strings, strings.Count);
    }

    /// <summary>An array of arrays.</summary>
    /// <param name="arrays">The inner arrays, each of type <see cref="GgufValueType.Array"/>; kept, not copied.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArrays(GgufValue[] arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        if (Array.Exists(arrays, a => a.Type != GgufValueType.Array))
            throw new ArgumentException("Every element of an array of arrays must be an array.", nameof(arrays));
        return new(GgufValueType.Array, GgufValueType.Array, arrays, arrays.Length);
    }

    /// <summary>The string's bytes, as the file has them.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <returns>Whether this is a string.</returns>
    public bool TryAsUtf8(out ReadOnlyMemory<byte> utf8)
    {
        utf8 = Type == GgufValueType.String ? (byte[])content! : default(ReadOnlyMemory<byte>);
        return Type == GgufValueType.String;
    }

    /// <summary>The string as text; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether this is a string.</returns>
    public bool TryAsString(out string text)
    {
        text = Type == GgufValueType.String ? Encoding.UTF8.GetString((byte[])content!) : string.Empty;
        return Type == GgufValueType.String;
    }

    /// <summary>The truth value.</summary>
    /// <param name="value">The value.</param>
    /// <returns>Whether this is a bool.</returns>
    public bool TryAsBoolean(out bool value)
    {
        value = Type == GgufValueType.Bool && bits != 0;
        return Type == GgufValueType.Bool;
    }

    /// <summary>
    /// The number as <typeparamref name="T"/>. Integers convert between widths where the value fits, and to floating
    /// point; floating point does not become integer.
    /// </summary>
    /// <typeparam name="T">A number type.</typeparam>
    /// <param name="value">The number.</param>
    /// <returns>Whether this is a number that fits.</returns>
    public bool TryAsNumber<T>(out T value)
        where T : unmanaged, INumber<T>
    {
        switch (Type)
        {
            case GgufValueType.UInt8 or GgufValueType.UInt16 or GgufValueType.UInt32 or GgufValueType.UInt64:
                return TryConvert(bits, out value);
            case GgufValueType.Int8 or GgufValueType.Int16 or GgufValueType.Int32 or GgufValueType.Int64:
                return TryConvert((long)bits, out value);
            case GgufValueType.Float32:
                return TryConvert(BitConverter.UInt32BitsToSingle((uint)bits), out value);
            case GgufValueType.Float64:
                return TryConvert(BitConverter.UInt64BitsToDouble(bits), out value);
            default:
                value = default;
                return false;
        }
    }

    /// <summary>The array of strings.</summary>
    /// <param name="strings">The strings.</param>
    /// <returns>Whether this is an array of strings.</returns>
    public bool TryAsStrings(out GgufStringArray strings)
    {
        strings = content as GgufStringArray ?? Empty;
        return content is GgufStringArray;
    }

    /// <summary>The array of arrays.</summary>
    /// <param name="arrays">The inner arrays.</param>
    /// <returns>Whether this is an array of arrays.</returns>
    public bool TryAsArrays(out IReadOnlyList<GgufValue> arrays)
    {
        arrays = content as GgufValue[] ?? [];
        return content is GgufValue[];
    }

    /// <summary>
    /// The elements as <typeparamref name="T"/>, without a copy where that is the stored type; integers convert
    /// between widths where every element fits, and to floating point.
    /// </summary>
    /// <typeparam name="T">A number type.</typeparam>
    /// <param name="values">The elements.</param>
    /// <returns>Whether this is an array of numbers that all fit.</returns>
    public bool TryAsArray<T>(out ReadOnlyMemory<T> values)
        where T : unmanaged, INumber<T>
    {
        T[]? converted = content as T[] ?? ElementType switch
        {
            _ when Type != GgufValueType.Array => null,
            GgufValueType.UInt8 => ConvertAll<byte, T>((byte[])content!),
            GgufValueType.Int8 => ConvertAll<sbyte, T>((sbyte[])content!),
            GgufValueType.UInt16 => ConvertAll<ushort, T>((ushort[])content!),
            GgufValueType.Int16 => ConvertAll<short, T>((short[])content!),
            GgufValueType.UInt32 => ConvertAll<uint, T>((uint[])content!),
            GgufValueType.Int32 => ConvertAll<int, T>((int[])content!),
            GgufValueType.UInt64 => ConvertAll<ulong, T>((ulong[])content!),
            GgufValueType.Int64 => ConvertAll<long, T>((long[])content!),
            GgufValueType.Float32 => ConvertAll<float, T>((float[])content!),
            GgufValueType.Float64 => ConvertAll<double, T>((double[])content!),
            _ => null,
        };
        values = converted;
        return converted is not null;
    }

    /// <summary>The array of truth values.</summary>
    /// <param name="values">The elements.</param>
    /// <returns>Whether this is an array of bool.</returns>
    public bool TryAsBooleans(out ReadOnlyMemory<bool> values)
    {
        values = content as bool[];
        return content is bool[];
    }

    /// <summary>The value as a person reads it; long arrays are cut short.</summary>
    /// <returns>Text for logs and tables, not for parsing.</returns>
    public override string ToString()
    {
        if (TryAsString(out string text))
            return text;
        if (TryAsBoolean(out bool truth))
            return truth ? "true" : "false";
        if (Type == GgufValueType.Array)
            return $"{TypeName}, {Length.ToString(CultureInfo.InvariantCulture)} elements";
        if (Type is GgufValueType.Float32)
            return BitConverter.UInt32BitsToSingle((uint)bits).ToString("R", CultureInfo.InvariantCulture);
        if (Type is GgufValueType.Float64)
            return BitConverter.UInt64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture);
        return Type is GgufValueType.Int8 or GgufValueType.Int16 or GgufValueType.Int32 or GgufValueType.Int64
            ? ((long)bits).ToString(CultureInfo.InvariantCulture)
            : bits.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The scalar's bits, sign-extended for signed integers: what the writer writes.</summary>
    internal ulong Bits => bits;

    /// <summary>The array or string behind the value: what the writer writes.</summary>
    internal object? Content => content;

    /// <summary>A type's name as GGUF tools print it.</summary>
    internal static string Name(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => "uint8",
        GgufValueType.Int8 => "int8",
        GgufValueType.UInt16 => "uint16",
        GgufValueType.Int16 => "int16",
        GgufValueType.UInt32 => "uint32",
        GgufValueType.Int32 => "int32",
        GgufValueType.Float32 => "float32",
        GgufValueType.Bool => "bool",
        GgufValueType.String => "string",
        GgufValueType.Array => "array",
        GgufValueType.UInt64 => "uint64",
        GgufValueType.Int64 => "int64",
        GgufValueType.Float64 => "float64",
        _ => $"unknown type {((uint)type).ToString(CultureInfo.InvariantCulture)}",
    };

    /// <summary>A scalar from its stored bits.</summary>
    internal static GgufValue OfBits(GgufValueType type, ulong bits) => new(type, bits);

    private static GgufStringArray Empty { get; } = new([], []);

    private static T[]? ConvertAll<TFrom, T>(TFrom[] from)
        where TFrom : unmanaged, INumber<TFrom>
        where T : unmanaged, INumber<T>
    {
        var to = new T[from.Length];
        for (int i = 0; i < from.Length; i++)
        {
            if (!TryConvert(from[i], out to[i]))
                return null;
        }

        return to;
    }

    private static bool TryConvert<TFrom, T>(TFrom from, out T to)
        where TFrom : unmanaged, INumber<TFrom>
        where T : unmanaged, INumber<T>
    {
        to = default;
        bool toInteger = default(T) is byte or sbyte or ushort or short or uint or int or ulong or long;
        if (toInteger && from is float or double)
            return false;
        to = T.CreateTruncating(from);
        if (!toInteger)
            return true;

        // Equal after the way back, and of the same sign: nothing was lost.
        return TFrom.CreateTruncating(to) == from && T.IsNegative(to) == TFrom.IsNegative(from);
    }
}
