using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Verdicts;
using NUnit.Framework;

namespace Harness.Runner.Tests;

[TestFixture]
public sealed class ExpectationSpecs
{
    [Test]
    public void Every_predicate_a_catalogue_may_ask_for_is_one_that_verdicts_judge([Values] PredicateKind kind)
    {
        var predicate = new Predicate(kind, "2");
        foreach (string text in new[] { " 2", "3" })
        {
            Assert.That(
                Expectations.Holds(new Receipts.Expectation(Wire.Name(kind), "2"), text), Is.EqualTo(predicate.Holds(text)), text);
        }
    }
}
