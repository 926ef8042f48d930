using Harness.Engine.Blueprints;
using Harness.Engine.Kernels;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>A token goes to the experts its router's choices say, with the weights they say.</summary>
internal sealed unsafe class ExpertChoice
{
    private const double Rounding = 1e-6;

    // e^score is 1, 2, 4, 8, 16, 32 of 63.
    private static readonly float[] Scores = [0, 1, 2, 3, 4, 5];
    private static readonly float[] ByPowersOfTwo = [.. Scores.Select(s => s * MathF.Log(2))];

    [Test]
    public void By_softmax_over_all()
    {
        (int[] chosen, float[] weights, _) = Choose(new RouterBlueprint { Gating = ExpertGating.Softmax }, ByPowersOfTwo, used: 2);
        Assert.That(chosen, Is.EqualTo((int[])[5, 4]));
        Assert.That(weights, Is.EqualTo((float[])[32 / 63f, 16 / 63f]).Within(Rounding));
    }

    [Test]
    public void By_softmax_normalised_and_scaled()
    {
        var router = new RouterBlueprint { Gating = ExpertGating.Softmax, NormalizeWeights = true, WeightScale = 3 };
        Assert.That(Choose(router, ByPowersOfTwo, used: 2).Weights, Is.EqualTo((float[])[2, 1]).Within(Rounding));
    }

    [Test]
    public void By_softmax_over_the_chosen() => Assert.That(
        Choose(new RouterBlueprint { Gating = ExpertGating.SoftmaxOfChosen }, ByPowersOfTwo, used: 3).Weights,
        Is.EqualTo((float[])[4 / 7f, 2 / 7f, 1 / 7f]).Within(Rounding));

    [Test]
    public void By_sigmoid()
    {
        var router = new RouterBlueprint { Gating = ExpertGating.Sigmoid };
        Assert.That(Choose(router, [0, 90, 1000], used: 3).Weights, Is.EqualTo((float[])[1, 1, 0.5f]).Within(Rounding));
        Assert.That(Choose(router, [0, 90, 1000], used: 1).Chosen, Is.EqualTo((int[])[2]), "scores tell apart what the sigmoid cannot");
    }

    [Test]
    public void By_a_bias_that_does_not_weigh()
    {
        var router = new RouterBlueprint { Gating = ExpertGating.Sigmoid, SelectionBias = true };
        (int[] chosen, float[] weights, float margin) = Choose(router, [0, 0, 0, 0], used: 2, bias: [0, 0.25f, 0.5f, 0.125f]);
        Assert.That(chosen, Is.EqualTo((int[])[2, 1]));
        Assert.That(weights, Is.All.EqualTo(0.5f));
        Assert.That(margin, Is.EqualTo(0.125f), "from the last chosen to the first left out");
    }

    [Test]
    public void Of_the_groups_whose_best_two_are_best()
    {
        // The best expert of all is alone in its group.
        var router = new RouterBlueprint { Gating = ExpertGating.Sigmoid, Groups = 3, GroupsUsed = 1 };
        (int[] chosen, _, _) = Choose(router, [9, -9, -9, 1, 2, -9, 0, 1, 1], used: 2);
        Assert.That(chosen, Is.EqualTo((int[])[4, 3]));
    }

    [Test]
    public void Of_equals_the_first() =>
        Assert.That(Choose(new RouterBlueprint { Gating = ExpertGating.Softmax }, [1, 2, 2, 2], used: 2).Chosen, Is.EqualTo((int[])[1, 2]));

    [Test]
    public void Of_nonsense_without_harm()
    {
        foreach (ExpertGating gating in Enum.GetValues<ExpertGating>())
        {
            var router = new RouterBlueprint { Gating = gating, Groups = 2, GroupsUsed = 1, NormalizeWeights = true };
            foreach (float value in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
                Assert.That(Choose(router, [value, value, value, value], used: 2).Chosen, Is.All.InRange(0, 3));
        }
    }

    private static (int[] Chosen, float[] Weights, float Margin) Choose(RouterBlueprint router, float[] scores, int used, float[]? bias = null)
    {
        int[] chosen = new int[used];
        float[] weights = new float[used];
        float[] scratch = new float[ExpertRouter.ScratchFloats(router, scores.Length)];
        fixed (float* score = scores, weight = weights, room = scratch, added = bias)
        {
            float margin = ExpertRouter.Choose(router, score, scores.Length, added, chosen, weight, room);
            return (chosen, weights, margin);
        }
    }
}
