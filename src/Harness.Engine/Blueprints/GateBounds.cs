using System.Globalization;
using Harness.Engine.Kernels;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Bounds within a gated feed-forward: the up projection is kept within ± <paramref name="Limit"/>, the gate from above.
/// </summary>
/// <param name="Limit">The bound.</param>
/// <param name="AfterActivation">The gate is bounded after its function (Step-3.5), not before (gpt-oss).</param>
/// <param name="UpOffset">Added to the bounded up projection: 1 in gpt-oss.</param>
public sealed record GateBounds(float Limit, bool AfterActivation = false, float UpOffset = 0)
{
    internal string Name => string.Create(CultureInfo.InvariantCulture, $"{Limit}{(AfterActivation ? " after activation" : string.Empty)}{(UpOffset == 0 ? string.Empty : $", up + {UpOffset}")}");

    /// <summary><c>gate = bounded f(gate) × bounded up</c>; overwrites both.</summary>
    internal unsafe void Activate(IPrimitives primitives, Activation activation, float* gate, float* up, int length)
    {
        for (int i = 0; i < length; i++)
            up[i] = Math.Clamp(up[i], -Limit, Limit) + UpOffset;
        if (!AfterActivation)
        {
            Bound(gate, length);
            primitives.Activate(activation, gate, up, length);
            return;
        }

        primitives.Activate(activation, gate, null, length);
        Bound(gate, length);
        for (int i = 0; i < length; i++)
            gate[i] *= up[i];
    }

    private unsafe void Bound(float* gate, int length)
    {
        for (int i = 0; i < length; i++)
            gate[i] = Math.Min(gate[i], Limit);
    }
}
