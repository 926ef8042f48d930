using System.Numerics;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>What happens to scores of attention before the softmax: soft-cap, and biases by distance.</summary>
internal sealed unsafe class ScoreAdjustment
{
    private readonly float softCap;
    private readonly float[] slopes;

    /// <param name="attention">The choices.</param>
    public ScoreAdjustment(AttentionBlueprint attention)
    {
        softCap = attention.SoftCap;
        slopes = attention.AlibiMaxBias > 0
            ? [.. Enumerable.Range(0, attention.HeadCount).Select(h => AlibiSlope(h, attention.HeadCount, attention.AlibiMaxBias))]
            : [];
    }

    /// <summary>Adjusts a head's scores.</summary>
    /// <param name="scores">One a position.</param>
    /// <param name="head">The query head.</param>
    /// <param name="own">The token's own position, counted from the first score's.</param>
    /// <param name="count">How many scores.</param>
    public void Apply(float* scores, int head, int own, int count)
    {
        if (softCap > 0)
        {
            for (int p = 0; p < count; p++)
                scores[p] = softCap * MathF.Tanh(scores[p] / softCap);
        }

        if (slopes.Length > 0)
        {
            for (int p = 0; p < count; p++)
                scores[p] -= slopes[head] * Math.Abs(own - p);
        }
    }

    /// <summary>
    /// The slope of a head (Press et al., 2022): a geometric sequence down to <c>2^−maxBias</c> over the largest power of
    /// two of heads; the heads beyond take every second value of the sequence twice as long.
    /// </summary>
    private static float AlibiSlope(int head, int heads, float maxBias)
    {
        int power = (int)BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;
        return head < power
            ? MathF.Pow(2, -maxBias * (head + 1) / power)
            : MathF.Pow(2, -maxBias / 2 * ((2 * (head - power)) + 1) / power);
    }
}
