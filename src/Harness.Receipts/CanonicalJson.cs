using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harness.Receipts;

/// <summary>
/// JSON in the one form that can be hashed: the JSON Canonicalization Scheme (RFC 8785). Members sorted by UTF-16
/// code units, no white space, numbers as ECMAScript writes them, minimal escapes.
/// </summary>
public static class CanonicalJson
{
    /// <summary>Writes a value canonically.</summary>
    /// <param name="node">The value; null is the JSON null.</param>
    /// <returns>The canonical text.</returns>
    /// <exception cref="ArgumentException">A number is not finite.</exception>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Append(text, node);
        return text.ToString();
    }

    /// <summary>The sha256 (hex) of a value's canonical text.</summary>
    /// <param name="node">The value.</param>
    public static string Sha256(JsonNode? node) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Write(node))));

    private static void Append(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                bool first = true;
                foreach ((string name, JsonNode? value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    if (!first) text.Append(',');
                    first = false;
                    AppendString(text, name);
                    text.Append(':');
                    Append(text, value);
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (int i = 0; i < items.Count; i++)
                {
                    if (i > 0) text.Append(',');
                    Append(text, items[i]);
                }

                text.Append(']');
                break;
            default:
                AppendValue(text, node);
                break;
        }
    }

    private static void AppendValue(StringBuilder text, JsonNode node)
    {
        switch (node.GetValueKind())
        {
            case JsonValueKind.True:
                text.Append("true");
                break;
            case JsonValueKind.False:
                text.Append("false");
                break;
            case JsonValueKind.String:
                AppendString(text, node.GetValue<string>());
                break;
            case JsonValueKind.Number:
                text.Append(Number(double.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)));
                break;
            default:
                throw new ArgumentException($"A JSON value of kind {node.GetValueKind()} has no canonical form.");
        }
    }

    /// <summary>A number as ECMAScript's Number::toString writes it (ECMA-262, 6.1.6.1.20).</summary>
    internal static string Number(double value)
    {
        if (!double.IsFinite(value)) throw new ArgumentException("JSON has no NaN and no infinity.");
        if (value == 0) return "0";
        string roundTrip = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        (string digits, int exponent) = Decompose(roundTrip);
        string sign = value < 0 ? "-" : "";
        int count = digits.Length;
        if (exponent is > 0 and <= 21)
        {
            return sign + (count <= exponent
                ? digits + new string('0', exponent - count)
                : digits[..exponent] + "." + digits[exponent..]);
        }

        if (exponent is > -6 and <= 0) return sign + "0." + new string('0', -exponent) + digits;
        int shown = exponent - 1;
        string mantissa = count == 1 ? digits : digits[..1] + "." + digits[1..];
        return $"{sign}{mantissa}e{(shown < 0 ? "-" : "+")}{Math.Abs(shown).ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Shortest digits d and exponent n such that the value is 0.d × 10^n.</summary>
    private static (string Digits, int Exponent) Decompose(string text)
    {
        int exponent = 0;
        int e = text.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        int point = text.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? text : text[..point];
        string digits = point < 0 ? text : whole + text[(point + 1)..];
        exponent += whole.Length;
        int leading = digits.Length - digits.TrimStart('0').Length;
        return (digits[leading..].TrimEnd('0'), exponent - leading);
    }

    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default: text.Append(c); break;
            }
        }

        text.Append('"');
    }
}
