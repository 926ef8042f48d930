using Harness.Receipts.Verdicts;
using NUnit.Framework;

namespace Harness.Receipts.Tests;

[TestFixture]
public sealed class VerdictSpecs
{
    [TestCase(FailureKind.Error, VerdictKind.Fails)]
    [TestCase(FailureKind.Mismatch, VerdictKind.Fails)]
    [TestCase(FailureKind.Unsupported, VerdictKind.Unsupported)]
    [TestCase(FailureKind.Crash, VerdictKind.Crashes)]
    [TestCase(FailureKind.Timeout, VerdictKind.TimesOut)]
    [TestCase(FailureKind.OutOfMemory, VerdictKind.OutOfMemory)]
    [TestCase(FailureKind.Refused, VerdictKind.Blocked)]
    [TestCase(FailureKind.Blocked, VerdictKind.Blocked)]
    [TestCase(FailureKind.HarnessError, VerdictKind.Error)]
    public void A_failure_becomes_the_verdict_of_its_kind_and_quotes_the_message(FailureKind failure, VerdictKind expected)
    {
        Verdict verdict = VerdictRules.Derive(Sample.Failed(failure, "unknown architecture 'x'"), []);
        Assert.That(verdict.Kind, Is.EqualTo(expected));
        Assert.That(verdict.Reason, Does.Contain("unknown architecture 'x'"));
        Assert.That(verdict.Stage, Is.EqualTo("load"));
    }

    [Test]
    public void A_crash_quotes_what_the_process_said_last()
    {
        Receipt crashed = Sample.Failed(FailureKind.Crash, "the worker was ended");
        StageRecord stage = crashed.Stages.Single(s => s.Failure is not null);
        FailureRecord said = stage.Failure! with { Signal = "SIGABRT", Log = "loading\nggml.c:1294: GGML_ASSERT(id != -1) failed\n\n" };
        Verdict verdict = VerdictRules.Derive(crashed with { Stages = [stage with { Failure = said }] }, []);
        Assert.That(verdict.Reason, Is.EqualTo("SIGABRT: the worker was ended; its log ended with: ggml.c:1294: GGML_ASSERT(id != -1) failed"));
    }

    [Test]
    public void No_receipt_is_untested_and_never_should_work() =>
        Assert.That(VerdictRules.Derive(null, []).Kind, Is.EqualTo(VerdictKind.Untested));

    [Test]
    public void A_probe_alone_runs() =>
        Assert.That(VerdictRules.Derive(Sample.Receipt(), []).Kind, Is.EqualTo(VerdictKind.Runs));

    [Test]
    public void A_probe_works_when_an_independent_engine_agrees_and_so_does_the_reference()
    {
        Receipt builtin = Sample.Receipt("builtin"), reference = Sample.Receipt("llama.cpp@v0.5.0");
        var comparison = Sample.Comparison(builtin, reference, 9e-6);
        Assert.That(VerdictRules.Derive(builtin, [comparison]).Kind, Is.EqualTo(VerdictKind.Works));
        Assert.That(VerdictRules.Derive(reference, [comparison]).Kind, Is.EqualTo(VerdictKind.Works));
    }

    [Test]
    public void Two_builds_of_one_engine_do_not_establish_each_other()
    {
        Receipt old = Sample.Receipt("llama.cpp@b8390"), reference = Sample.Receipt("llama.cpp@v0.5.0");
        var comparison = Sample.Comparison(old, reference, 0);
        Assert.That(VerdictRules.Derive(old, [comparison]).Kind, Is.EqualTo(VerdictKind.Runs));
    }

    [TestCase("F32", 0.9e-6, true)]
    [TestCase("F32", 1.1e-6, false)]
    [TestCase("F16", 0.9e-5, true)]
    [TestCase("F16", 1.1e-5, false)]
    [TestCase("BF16", 0.9e-4, true)]
    [TestCase("BF16", 1.1e-4, false)]
    [TestCase("Q8_0", 0.9e-3, true)]
    [TestCase("Q8_0", 1.1e-3, false)]
    [TestCase("Q4_K", 4.9e-3, true)]
    [TestCase("Q4_K", 5.1e-3, false)]
    public void The_limit_is_that_of_the_weight_type(string weightType, double nmse, bool works)
    {
        Receipt builtin = Sample.Receipt("builtin"), reference = Sample.Receipt("llama.cpp@v0.5.0");
        Verdict verdict = VerdictRules.Derive(builtin, [Sample.Comparison(builtin, reference, nmse, weightType)]);
        Assert.That(verdict.Kind, Is.EqualTo(works ? VerdictKind.Works : VerdictKind.Differs));
        Assert.That(verdict.Reason, Does.Contain("NMSE"));
    }

    [Test]
    public void A_reference_that_others_differ_from_is_not_called_wrong_nor_right()
    {
        Receipt builtin = Sample.Receipt("builtin"), reference = Sample.Receipt("llama.cpp@v0.5.0");
        Verdict verdict = VerdictRules.Derive(reference, [Sample.Comparison(builtin, reference, 0.5)]);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Runs));
        Assert.That(verdict.Reason, Does.Contain("builtin"));
    }

    [Test]
    public void Peers_that_disagree_do_not_decide_who_is_wrong()
    {
        Receipt old = Sample.Receipt("llama.cpp@b8390"), builtin = Sample.Receipt("builtin");
        Verdict verdict = VerdictRules.Derive(old, [Sample.Comparison(old, builtin, 0.5, peers: true)]);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Runs));
    }

    [Test]
    public void Trained_weights_work_when_expectations_hold() =>
        Assert.That(
            VerdictRules.Derive(Sample.Receipt(evidence: Evidence.Trained, expectation: new("contains", "2")), []).Kind,
            Is.EqualTo(VerdictKind.Works));

    [Test]
    public void Trained_weights_without_expectation_or_reference_only_run() =>
        Assert.That(VerdictRules.Derive(Sample.Receipt(evidence: Evidence.Trained), []).Kind, Is.EqualTo(VerdictKind.Runs));

    [Test]
    public void A_missed_expectation_differs_and_quotes_what_was_said()
    {
        Receipt receipt = Sample.Receipt(evidence: Evidence.Trained, text: " 3, or so", expectation: new("contains", "2"));
        Verdict verdict = VerdictRules.Derive(receipt, []);
        Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Differs));
        Assert.That(verdict.Reason, Does.Contain("3, or so").And.Contain("\"2\""));
    }

    [TestCase("not-contains", "3", " 2", true)]
    [TestCase("not-contains", "2", " 2", false)]
    [TestCase("starts-with", "2", " 2, so", true)]
    [TestCase("equals", "2", " 2\n", true)]
    [TestCase("matches", "^ [0-9]$", " 2", true)]
    [TestCase("matches", "^[a-z]", " 2", false)]
    public void Each_predicate_is_judged_as_it_reads(string predicate, string value, string text, bool holds) =>
        Assert.That(
            VerdictRules.Derive(Sample.Receipt(evidence: Evidence.Trained, text: text, expectation: new(predicate, value)), []).Kind,
            Is.EqualTo(holds ? VerdictKind.Works : VerdictKind.Differs));

    [Test]
    public void Held_expectations_do_not_save_a_receipt_the_reference_disagrees_with()
    {
        Receipt receipt = Sample.Receipt(evidence: Evidence.Trained, expectation: new("contains", "2"));
        var comparison = Sample.Comparison(receipt, Sample.Receipt("llama.cpp@v0.5.0", Evidence.Trained), 0.5);
        Assert.That(VerdictRules.Derive(receipt, [comparison]).Kind, Is.EqualTo(VerdictKind.Differs));
    }

    [Test]
    public void A_suspicion_is_shown_as_one()
    {
        Receipt receipt = Sample.Receipt() with
        {
            Stages = [new StageRecord(Stage.Load, Outcome.Failed, 1, Failure: new FailureRecord(
                FailureKind.OutOfMemory, "killed", "SIGKILL", null, true, "not sent by the harness"))],
            Checks = [],
        };
        Assert.That(VerdictRules.Derive(receipt, []).Reason, Does.Contain("suspected: not sent by the harness"));
    }

    [TestCase(new int[0], "", "stop", "empty")]
    [TestCase(new[] { 4, 4, 4, 4, 4, 4 }, "aaaaaa", "length", "over and over")]
    [TestCase(new[] { 4, 5, 6 }, "", "length", "no text")]
    [TestCase(new[] { 4, 5, 6, 7 }, "  \n ", "length", "white space")]
    [TestCase(new[] { 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2 }, "abababababab", "length", "2 tokens over and over")]
    public void Degenerate_text_is_named(int[] ids, string text, string stop, string expected) =>
        Assert.That(DegenerateText.Describe(ids, System.Text.Encoding.UTF8.GetBytes(text), stop), Does.Contain(expected));

    [Test]
    public void Invalid_bytes_are_degenerate_but_a_code_point_cut_by_the_limit_is_not()
    {
        byte[] cut = [(byte)'a', 0xE2, 0x82];
        Assert.That(DegenerateText.Describe([1, 2], cut, "length"), Is.Null);
        Assert.That(DegenerateText.Describe([1, 2], cut, "end-of-generation"), Is.EqualTo("invalid UTF-8"));
        Assert.That(DegenerateText.Describe([1, 2], [(byte)'a', 0xFF, (byte)'b'], "length"), Is.EqualTo("invalid UTF-8"));
    }
}
