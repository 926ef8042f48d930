using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Harness.Formats.Tensors;

/// <summary>The 16 levels of IQ4_NL and IQ4_XS, closer together near zero (<c>kvalues_iq4nl</c> in ggml-common.h).</summary>
internal static class IQ4Levels
{
    /// <summary>What each code stands for, ascending.</summary>
    public static ReadOnlySpan<sbyte> Values => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary><see cref="Values"/> in a register.</summary>
    public static Vector128<sbyte> Table
    {
        // A kernel's inner loop is too much for the inliner unless it is told.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    }
}
