using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>The likeliest token is chosen, and ties are broken the same way everywhere.</summary>
internal sealed class GreedyChoice
{
    [Test]
    public void Takes_the_lowest_id_of_equals() => Assert.That(Greedy.Choose([1f, 5f, 5f, 2f]), Is.EqualTo(1));

    [Test]
    public void Never_takes_a_NaN() => Assert.That(Greedy.Choose([float.NaN, -3f, float.NaN]), Is.EqualTo(1));

    [Test]
    public void Ranks_with_probabilities_that_sum_to_one()
    {
        float[] logits = [1000f, 998f, 1000f, float.NegativeInfinity, 990f];
        int[] ids = new int[5];
        float[] logProbabilities = new float[5];
        Assert.That(Greedy.Rank(logits, ids, logProbabilities), Is.EqualTo(5));
        Assert.That(ids, Is.EqualTo(new[] { 0, 2, 1, 4, 3 }));
        Assert.That(logProbabilities.Sum(p => Math.Exp(p)), Is.EqualTo(1).Within(1e-6));
        Assert.That(logProbabilities[0], Is.EqualTo(-Math.Log(2 + Math.Exp(-2) + Math.Exp(-10))).Within(1e-6));
    }

    [Test]
    public void Ranks_only_as_many_as_there_is_room_for()
    {
        int[] ids = new int[2];
        Assert.That(Greedy.Rank([3f, 1f, 2f], ids, new float[2]), Is.EqualTo(2));
        Assert.That(ids, Is.EqualTo(new[] { 0, 2 }));
    }
}
