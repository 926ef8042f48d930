using System.Globalization;

namespace Harness.Cli.Fitting;

/// <summary>Sizes and counts as the fit commands write them.</summary>
internal static class Sizes
{
    /// <summary>Bytes in decimal units.</summary>
    public static string Of(long bytes) => bytes switch
    {
        >= 100_000_000_000 => (bytes / 1e9).ToString("0", CultureInfo.InvariantCulture) + " GB",
        >= 1_000_000_000 => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " GB",
        _ => (bytes / 1e6).ToString("0", CultureInfo.InvariantCulture) + " MB",
    };

    /// <summary>A number of weights.</summary>
    public static string Count(long values) => values >= 1_000_000_000
        ? (values / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + " B"
        : (values / 1e6).ToString("0", CultureInfo.InvariantCulture) + " M";
}
