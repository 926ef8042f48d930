using System.Globalization;

namespace Harness.Runner.Fit;

/// <summary>What a machine's memory leaves for a model, and how people write sizes.</summary>
public static class MachineMemory
{
    private const long SystemBytes = 2_000_000_000;

    private static readonly (string Unit, double Bytes)[] Units =
    [
        ("TIB", 1L << 40), ("GIB", 1L << 30), ("MIB", 1L << 20), ("KIB", 1L << 10),
        ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("K", 1e3), ("B", 1),
    ];

    /// <summary>What can be used of a machine's memory: the system and other programs keep 2 GB, or a tenth where that is more.</summary>
    /// <param name="total">Bytes of the machine.</param>
    /// <returns>Bytes; never negative.</returns>
    public static long Usable(long total) => Math.Max(0, total - Math.Max(SystemBytes, total / 10));

    /// <summary>What can be used of a GPU's memory: its driver and the screen keep half a gigabyte.</summary>
    /// <param name="total">Bytes of the GPU.</param>
    /// <returns>Bytes; never negative.</returns>
    public static long UsableOnGpu(long total) => Math.Max(0, total - (SystemBytes / 4));

    /// <summary>
    /// Reads a size: <c>16GB</c> is sixteen thousand million bytes, <c>16GiB</c> sixteen times 2^30. Case does not matter, a
    /// space may stand before the unit.
    /// </summary>
    /// <param name="text">A number and a unit.</param>
    /// <param name="bytes">The size.</param>
    /// <returns>Whether it is one, of at least a byte and less than 2^60.</returns>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is null) return false;
        foreach ((string unit, double size) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            ReadOnlySpan<char> number = text.AsSpan(0, text.Length - unit.Length).TrimEnd();
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)) return false;
            double all = value * size;
            if (!(all >= 1) || all >= 1L << 60) return false;
            bytes = (long)all;
            return true;
        }

        return false;
    }
}
