using System.Globalization;

namespace Harness.Workers.Backends;

/// <summary>
/// llama.cpp's order of builds: numbered <c>b4600</c> … <c>b8390</c> first, then semantic <c>v0.5.0</c> …; anything
/// else before both, by name.
/// </summary>
public sealed class BuildOrder : IComparer<string>
{
    /// <summary>The one there is.</summary>
    public static BuildOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        (int xKind, Version xNumber) = Parse(x);
        (int yKind, Version yNumber) = Parse(y);
        int order = xKind.CompareTo(yKind);
        if (order == 0)
            order = xNumber.CompareTo(yNumber);
        return order != 0 ? order : string.CompareOrdinal(x, y);
    }

    private static (int Kind, Version Number) Parse(string? build)
    {
        if (build is ['b', .. string number]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return (1, new Version(count, 0));
        }

        return build is ['v', .. string semantic] && Version.TryParse(semantic, out Version? version)
            ? (2, version)
            : (0, new Version(0, 0));
    }
}
