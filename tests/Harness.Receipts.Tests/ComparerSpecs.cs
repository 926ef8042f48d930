using Harness.Receipts.Comparisons;
using NUnit.Framework;

namespace Harness.Receipts.Tests;

[TestFixture]
public sealed class ComparerSpecs
{
    [Test]
    public void Equal_logits_have_no_error()
    {
        float[] logits = [1, 2, 3, 6, 5, 4];
        LogitsDifference d = LogitsComparer.Compare(logits, logits, 3);
        Assert.That(d.Nmse, Is.Zero);
        Assert.That(d.MeanKl, Is.Zero.Within(1e-15));
        Assert.That((d.TopAgree, d.TopCounted, d.Positions), Is.EqualTo((2, 2, 2)));
    }

    [Test]
    public void The_error_is_normalised_by_the_references_power()
    {
        LogitsDifference d = LogitsComparer.Compare([3f, 4f], [3f, 5f], 2);
        Assert.That(d.Nmse, Is.EqualTo(1.0 / 25).Within(1e-12));
        Assert.That(d.LargestDifference, Is.EqualTo(1));
    }

    [Test]
    public void The_worst_position_is_named()
    {
        LogitsDifference d = LogitsComparer.Compare([1, 0, 1, 0], [1, 0, 2, 0], 2);
        Assert.That(d.WorstPosition, Is.EqualTo(1));
        Assert.That(d.WorstPositionNmse, Is.EqualTo(1));
    }

    [Test]
    public void A_top_token_counts_only_where_the_reference_was_sure()
    {
        // Largest difference 1: a margin of 1 is not counted, a margin of 5 is.
        LogitsDifference d = LogitsComparer.Compare([2, 1, 6, 1], [1, 2, 6, 1], 2);
        Assert.That((d.TopAgree, d.TopCounted), Is.EqualTo((1, 1)));
    }

    [Test]
    public void Not_a_number_on_one_side_is_counted()
    {
        LogitsDifference d = LogitsComparer.Compare([1, 2], [1, float.NaN], 2);
        Assert.That(d.NotFinite, Is.EqualTo(1));
    }

    [Test]
    public void Kl_matches_the_definition()
    {
        LogitsDifference d = LogitsComparer.Compare([0, 0], [0, MathF.Log(3)], 2);
        double expected = 0.5 * Math.Log(0.5 / 0.25) + 0.5 * Math.Log(0.5 / 0.75);
        Assert.That(d.MeanKl, Is.EqualTo(expected).Within(1e-7));
    }

    [Test]
    public void Shapes_that_differ_are_refused() =>
        Assert.That(() => LogitsComparer.Compare([1, 2], [1, 2, 3], 1), Throws.ArgumentException.With.Message.Contain("shapes"));

    [Test]
    public void A_divergence_is_placed_with_the_references_margin()
    {
        Receipt reference = Sample.Receipt("llama.cpp@v0.5.0");
        reference = ReceiptJson.WithId(reference with { Generations = [reference.Generations[0] with { Margins = [3.0, 0.01, 1.0] }] });
        Receipt other = Sample.Receipt();
        other = ReceiptJson.WithId(other with { Generations = [other.Generations[0] with { Ids = [5, 9, 7] }] });
        Comparison c = ReceiptComparer.Compare(other, reference, _ => null);
        Assert.That(c.Generations[0], Is.EqualTo(new GenerationDifference("one-plus-one", 1, 1, 0.01, 9, 6)));
        Assert.That(c.Independent, Is.True);
    }
}
