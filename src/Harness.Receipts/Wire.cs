using System.Text.Json;

namespace Harness.Receipts;

/// <summary>The words enumerations are written as.</summary>
public static class Wire
{
    /// <summary>The kebab-case word of a value.</summary>
    /// <typeparam name="TEnum">The enumeration.</typeparam>
    /// <param name="value">The value.</param>
    public static string Name<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
