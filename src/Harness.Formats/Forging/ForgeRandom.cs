using System.Runtime.CompilerServices;
using System.Text;

namespace Harness.Formats.Forging;

/// <summary>
/// Forge v1's source of bits: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014),
/// started afresh for every row of every tensor, so that any row can be made alone, by any thread, on any machine.
/// Changing anything here changes the bytes of every forged model: that needs a new forge version.
/// </summary>
internal ref struct ForgeRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong state;

    /// <summary>Starts a row.</summary>
    /// <param name="key">The tensor's key; see <see cref="KeyOf"/>.</param>
    /// <param name="row">The row's number.</param>
    public ForgeRandom(ulong key, long row) => state = Mix(key + ((ulong)row * Golden));

    /// <summary>A tensor's key: its model's seed and its name (FNV-1a over UTF-8), mixed.</summary>
    public static ulong KeyOf(ulong seed, string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
            hash = (hash ^ b) * 0x100000001B3;
        return Mix(Mix(seed + Golden) ^ hash);
    }

    /// <summary>64 bits, the next of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Next()
    {
        state += Golden;
        return Mix(state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
