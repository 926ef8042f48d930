using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Runner.Inspection;
using NUnit.Framework;

namespace Harness.Runner.Tests.Inspection;

/// <summary>A backend's verdict by the header alone is what probes showed of it, with their exact words, and never a guess.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class HeaderVerdictSpecs
{
    private static readonly KnownFact Works = new("", "works", null, "0123456789ab");

    [Test]
    public void What_every_probe_showed_is_supported() => Assert.That(Verdict(Known()), Is.EqualTo(("supported", (string?)null)));

    [Test]
    public void An_unknown_architecture_is_unsupported_in_the_builds_own_words_with_the_receipt()
    {
        BackendKnowledge known = Known(architectures: [new("qwen2", "unsupported", "unknown model architecture: 'qwen2'", "abcdef012345")]);
        Assert.That(Verdict(known), Is.EqualTo(("unsupported", "unknown model architecture: 'qwen2' (receipt abcdef012345)")));
    }

    [Test]
    public void An_unknown_tensor_type_or_pre_tokenizer_is_unsupported()
    {
        Assert.That(Verdict(Known(types: [Works with { Name = "F32" }, new("F16", "unsupported", "invalid ggml type 1", "abcdef012345")])).Verdict, Is.EqualTo("unsupported"));
        Assert.That(Verdict(Known(pres: [new("qwen2", "unsupported", "unknown pre-tokenizer type: 'qwen2'", "abcdef012345")])).Reason, Does.Contain("unknown pre-tokenizer type: 'qwen2'"));
    }

    [Test]
    public void What_no_probe_tried_is_untested_and_named()
    {
        Assert.That(Verdict(Known(architectures: [])), Is.EqualTo(("untested", "no probe tried architecture qwen2")));
        Assert.That(Verdict(Known(types: [Works with { Name = "F32" }], pres: [])), Is.EqualTo(("untested", "no probe tried tensor type F16, pre-tokenizer qwen2")));
    }

    [Test]
    public void A_probe_that_failed_for_a_reason_of_its_own_makes_a_doubt_and_no_verdict()
    {
        BackendKnowledge known = Known(architectures: [new("qwen2", "fails", "missing tensor 'output.weight'", "abcdef012345")]);
        (string verdict, string? reason) = Verdict(known);
        Assert.That(verdict, Is.EqualTo("doubtful"));
        Assert.That(reason, Does.Contain("missing tensor 'output.weight'").And.Contain("abcdef012345"));
    }

    [Test]
    public void A_probe_that_computes_otherwise_is_told()
    {
        (string verdict, string? reason) = Verdict(Known(architectures: [new("qwen2", "differs", "NMSE 7.0e-2 against builtin", "abcdef012345")]));
        Assert.That(verdict, Is.EqualTo("supported"));
        Assert.That(reason, Does.Contain("NMSE 7.0e-2"));
    }

    [Test]
    public void A_file_that_lacks_a_tensor_fails_on_every_build_that_knows_it()
    {
        InspectedModel model = DamagedHeader.Of("qwen2").Remove("blk.0.ffn_up.weight").Inspect(Known());
        Assert.That(model.Backends.Select(b => b.Verdict), Has.All.EqualTo("fails"));
        Assert.That(model.Backends.Select(b => b.Reason), Has.All.Contains("blk.0.ffn_up.weight"));
    }

    [Test]
    public void An_architecture_the_builtin_engine_lacks_is_unsupported_there_and_its_tensors_are_untested_elsewhere()
    {
        InspectedModel model = DamagedHeader.Of("qwen2").Set("general.architecture", GgufValue.Of("qwen99")).Inspect(Known(architectures: [Works with { Name = "qwen99" }]));
        Assert.That(model.Backends[0].Verdict, Is.EqualTo("unsupported"));
        Assert.That(model.Backends[1].Reason, Is.EqualTo("no probe tried tensors"));
    }

    private static (string Verdict, string? Reason) Verdict(BackendKnowledge known)
    {
        HeaderVerdict verdict = DamagedHeader.Of("qwen2").Inspect(known).Backends.Single(b => b.Backend == "llama.cpp@b1");
        return (verdict.Verdict, verdict.Reason);
    }

    private static BackendKnowledge Known(KnownFact[]? architectures = null, KnownFact[]? types = null, KnownFact[]? pres = null) => new(
        BackendId.Parse("llama.cpp@b1"), null, "2026-11-28", "harness run --profile knowledge",
        architectures ?? [Works with { Name = "qwen2" }],
        types ?? [Works with { Name = "F32" }, Works with { Name = "F16" }],
        pres ?? [Works with { Name = "qwen2" }]);
}
