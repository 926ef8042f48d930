using Harness.Engine.Blueprints;

namespace Harness.Engine.Kernels;

/// <summary>
/// Chooses a token's experts from their scores. Ties go to the expert that comes first; the chosen are ordered by what
/// they were chosen for, the best first, which is the order their results are summed in.
/// </summary>
internal static unsafe class ExpertRouter
{
    // What llama.cpp clamps a sum of weights to before it divides by it: the smallest normal number of binary16.
    private const float SmallestSum = 6.103515625e-5f;

    /// <summary>Scratch of one token, in floats.</summary>
    public static int ScratchFloats(RouterBlueprint router, int experts) =>
        (2 * MatrixKernels.Pad(experts)) + (2 * MatrixKernels.Pad(router.Groups));

    /// <summary>Chooses.</summary>
    /// <param name="router">The choices.</param>
    /// <param name="scores">One an expert, the router's bias included.</param>
    /// <param name="experts">How many experts there are.</param>
    /// <param name="selectionBias">One an expert, or null.</param>
    /// <param name="chosen">Receives the indices of as many experts as it is long.</param>
    /// <param name="weights">Receives their weights.</param>
    /// <param name="scratch">Room for <see cref="ScratchFloats"/>.</param>
    /// <returns>
    /// By how much the last choice was won: the distance from the last chosen to the first left out, in what they were
    /// compared by; of groups too where there are groups. Near zero, another engine may choose otherwise and be right.
    /// </returns>
    public static float Choose(
        RouterBlueprint router, float* scores, int experts, float* selectionBias, Span<int> chosen, float* weights, float* scratch)
    {
        int used = chosen.Length;
        float* gated = scratch;
        float* compared = scratch + MatrixKernels.Pad(experts);
        Gate(router.Gating, scores, experts, gated);

        // The gates rise with the score, so unless something is added to them the scores decide, which never saturate.
        bool byWeight = selectionBias is not null || router.Groups > 1;
        for (int e = 0; e < experts; e++)
            compared[e] = byWeight ? gated[e] + (selectionBias is null ? 0 : selectionBias[e]) : scores[e];

        float margin = float.PositiveInfinity;
        if (router.Groups > 1)
            margin = KeepBestGroups(router, compared, experts, compared + MatrixKernels.Pad(experts));

        for (int i = 0; i < used; i++)
        {
            chosen[i] = IndexOfLargest(compared, experts);
            if (i == used - 1)
                margin = Math.Min(margin, compared[chosen[i]] - LargestBut(compared, experts, chosen[i]));
            compared[chosen[i]] = float.NegativeInfinity;
        }

        Take(router, gated, chosen, weights);
        return margin;
    }

    /// <summary>Weighs experts that were chosen otherwise.</summary>
    /// <inheritdoc cref="Choose" path="/param"/>
    public static void Weigh(RouterBlueprint router, float* scores, int experts, ReadOnlySpan<int> chosen, float* weights, float* scratch)
    {
        Gate(router.Gating, scores, experts, scratch);
        Take(router, scratch, chosen, weights);
    }

    private static void Take(RouterBlueprint router, float* gated, ReadOnlySpan<int> chosen, float* weights)
    {
        int used = chosen.Length;
        for (int i = 0; i < used; i++)
            weights[i] = gated[chosen[i]];
        if (router.Gating == ExpertGating.SoftmaxOfChosen)
            Softmax(weights, used, weights);
        if (router.NormalizeWeights)
            Normalize(weights, used);
        for (int i = 0; router.WeightScale != 1 && i < used; i++)
            weights[i] *= router.WeightScale;
    }

    private static void Gate(ExpertGating gating, float* scores, int experts, float* gated)
    {
        switch (gating)
        {
            case ExpertGating.Softmax:
                Softmax(scores, experts, gated);
                break;
            case ExpertGating.Sigmoid:
                for (int e = 0; e < experts; e++)
                    gated[e] = 1 / (1 + MathF.Exp(-scores[e]));
                break;
            case ExpertGating.SqrtSoftplus:
                for (int e = 0; e < experts; e++)
                    gated[e] = MathF.Sqrt((float)Softplus(scores[e]));
                break;
            default:
                new ReadOnlySpan<float>(scores, experts).CopyTo(new Span<float>(gated, experts));
                break;
        }
    }

    private static double Softplus(double x) => x > 20 ? x : Math.Log(1 + Math.Exp(x));

    private static void Softmax(float* scores, int length, float* weights)
    {
        float largest = float.NegativeInfinity;
        for (int i = 0; i < length; i++)
            largest = MathF.Max(largest, scores[i]);

        double sum = 0;
        for (int i = 0; i < length; i++)
        {
            weights[i] = MathF.Exp(scores[i] - largest);
            sum += weights[i];
        }

        float inverse = (float)(1 / sum);
        for (int i = 0; i < length; i++)
            weights[i] *= inverse;
    }

    private static void Normalize(float* weights, int used)
    {
        double sum = 0;
        for (int i = 0; i < used; i++)
            sum += weights[i];
        float divisor = MathF.Max((float)sum, SmallestSum);
        for (int i = 0; i < used; i++)
            weights[i] /= divisor;
    }

    /// <summary>Leaves only the experts of the best groups to choose from; returns the margin of that choice.</summary>
    private static float KeepBestGroups(RouterBlueprint router, float* compared, int experts, float* sums)
    {
        int size = experts / router.Groups;
        for (int g = 0; g < router.Groups; g++)
        {
            float* group = compared + (g * size);
            int best = IndexOfLargest(group, size);
            sums[g] = group[best] + LargestBut(group, size, best);
        }

        float margin = float.PositiveInfinity;
        float* kept = sums + MatrixKernels.Pad(router.Groups);
        new Span<float>(kept, router.Groups).Clear();
        for (int i = 0; i < router.GroupsUsed; i++)
        {
            int best = IndexOfLargest(sums, router.Groups);
            if (i == router.GroupsUsed - 1)
                margin = sums[best] - LargestBut(sums, router.Groups, best);
            sums[best] = float.NegativeInfinity;
            kept[best] = 1;
        }

        for (int e = 0; e < experts; e++)
        {
            if (kept[e / size] == 0)
                compared[e] = float.NegativeInfinity;
        }

        return margin;
    }

    private static int IndexOfLargest(float* values, int length)
    {
        int largest = 0;
        for (int i = 1; i < length; i++)
        {
            if (values[i] > values[largest])
                largest = i;
        }

        return largest;
    }

    private static float LargestBut(float* values, int length, int except)
    {
        float largest = float.NegativeInfinity;
        for (int i = 0; i < length; i++)
        {
            if (i != except)
                largest = MathF.Max(largest, values[i]);
        }

        return largest;
    }
}
