using System.Globalization;
using System.Text.RegularExpressions;

namespace Harness.Matrix;

/// <summary>
/// An upstream build with its place in time. llama.cpp counted builds (<c>b4600</c>) before it numbered releases
/// (<c>v0.5.0</c>), so every b-build comes before every v-release. Any other label (<c>local</c>, a build of the
/// user's own) comes last, in the order of its letters.
/// </summary>
public readonly partial struct BackendVersion : IComparable<BackendVersion>, IEquatable<BackendVersion>
{
    private readonly string? _text;
    private readonly Scheme _scheme;
    private readonly (int Major, int Minor, int Patch) _number;

    private BackendVersion(string text, Scheme scheme, (int, int, int) number = default)
    {
        _text = text;
        _scheme = scheme;
        _number = number;
    }

    private enum Scheme
    {
        Build,
        Release,
        Label,
    }

    /// <summary>The version as written: <c>b8390</c>, <c>v0.5.0</c>.</summary>
    public string Text => _text ?? "";

    /// <summary>Reads a version.</summary>
    /// <param name="text">Letters, digits, dots, dashes and underscores, at most 64.</param>
    /// <param name="version">The version, when it is one.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out BackendVersion version)
    {
        version = default;
        if (text.Length is 0 or > 64 || !LabelForm().IsMatch(text)) return false;
        if (text[0] == 'b' && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int build))
        {
            version = new(text, Scheme.Build, (build, 0, 0));
            return true;
        }

        string[] parts = text.TrimStart('v').Split('.');
        if (parts.Length is 2 or 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            int patch = 0;
            if (parts.Length == 2 || int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out patch))
            {
                version = new(text, Scheme.Release, (major, minor, patch));
                return true;
            }
        }

        version = new(text, Scheme.Label);
        return true;
    }

    /// <summary>Reads a version.</summary>
    /// <param name="text">As <c>b8390</c> or <c>v0.5.0</c>.</param>
    /// <exception cref="FormatException">It is no version.</exception>
    public static BackendVersion Parse(string text) => TryParse(text, out BackendVersion version)
        ? version
        : throw new FormatException($"{Wording.Quote(text)} is no backend version; versions are written b8390 or v0.5.0");

    /// <inheritdoc/>
    public int CompareTo(BackendVersion other)
    {
        int order = _scheme.CompareTo(other._scheme);
        if (order == 0) order = _number.CompareTo(other._number);
        return order != 0 ? order : string.CompareOrdinal(Text, other.Text);
    }

    /// <inheritdoc/>
    public bool Equals(BackendVersion other) => string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BackendVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Equal as written.</summary>
    public static bool operator ==(BackendVersion left, BackendVersion right) => left.Equals(right);

    /// <summary>Different as written.</summary>
    public static bool operator !=(BackendVersion left, BackendVersion right) => !left.Equals(right);

    /// <summary>Older.</summary>
    public static bool operator <(BackendVersion left, BackendVersion right) => left.CompareTo(right) < 0;

    /// <summary>Older or the same.</summary>
    public static bool operator <=(BackendVersion left, BackendVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Newer.</summary>
    public static bool operator >(BackendVersion left, BackendVersion right) => left.CompareTo(right) > 0;

    /// <summary>Newer or the same.</summary>
    public static bool operator >=(BackendVersion left, BackendVersion right) => left.CompareTo(right) >= 0;

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex LabelForm();
}
