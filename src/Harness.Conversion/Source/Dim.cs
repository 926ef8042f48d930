using System.Globalization;

namespace Harness.Conversion.Source;

/// <summary>A length, and where it comes from, so that a mismatch can say why it was expected.</summary>
/// <param name="Value">The length.</param>
/// <param name="Meaning">Fields of config.json: <c>num_attention_heads × head_dim</c>.</param>
internal readonly record struct Dim(long Value, string Meaning)
{
    public static Dim operator *(Dim left, Dim right) => new(checked(left.Value * right.Value), $"{left.Meaning} × {right.Meaning}");

    public static Dim operator *(long left, Dim right) =>
        new(checked(left * right.Value), string.Create(CultureInfo.InvariantCulture, $"{left} × {right.Meaning}"));

    public static Dim operator +(Dim left, Dim right) => new(checked(left.Value + right.Value), $"{left.Meaning} + {right.Meaning}");

    /// <summary>A length that no field tells.</summary>
    public static Dim Of(long value) => new(value, value.ToString(CultureInfo.InvariantCulture));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value} ({Meaning})");
}
