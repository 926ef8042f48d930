using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using NUnit.Framework;
using Cell = Harness.Receipts.Cell;

namespace Harness.Reporting.Tests;

/// <summary>Each cause of the catalogue is found by what real backends and hubs said, and nothing that is unexplained is lost.</summary>
[TestFixture]
public sealed class CauseSpecs
{
    private static readonly Lazy<Catalogue> Carried = new(() => Catalogue.Load(Repository("matrix")));

    /// <summary>Messages as llama.cpp builds, the hub client and the supervisor write them.</summary>
    private static readonly TestCaseData[] Seen =
    [
        At("unknown-architecture", Stage.Load, new(FailureKind.Unsupported, "error loading model: error loading model architecture: unknown model architecture: 'qwen3next'")),
        At("unknown-pre-tokenizer", Stage.Load, new(FailureKind.Unsupported, "error loading model: error loading model vocabulary: unknown pre-tokenizer type: 'youtu'")),
        At("unsupported-tensor-type", Stage.Load, new(FailureKind.Unsupported, "error loading model: llama_model_loader: failed to load model from m.gguf; tensor 'token_embd.weight' has invalid ggml type 39 (NONE); failed to read tensor info")),
        At("unsupported-tensor-type", Stage.Load, new(FailureKind.Unsupported, "tensor 'blk.0.attn_q.weight' has invalid ggml type 42. should be in [0, 41)")),
        At("unsupported-tensor-type", Stage.Load, new(FailureKind.Error, "error loading model: llama_model_loader: failed to load model from m.gguf", Log: "gguf_init_from_file_impl: tensor 'token_embd.weight' has invalid ggml type 39 (NONE)\ngguf_init_from_file_impl: failed to read tensor info")),
        At("unsupported-tensor-type", Stage.Load, new(FailureKind.Unsupported, "The built-in engine does not read the tensor type IQ9 (tensor 'a').")),
        At("missing-tensor", Stage.Load, new(FailureKind.Error, "error loading model: missing tensor 'blk.0.attn_qkv.weight'")),
        At("missing-tensor", Stage.Load, new(FailureKind.Error, "The tensor 'blk.0.attn_q.weight' is missing; expected with the shape [256, 256].")),
        At("misshapen-tensor", Stage.Load, new(FailureKind.Error, "error loading model: check_tensor_dims: tensor 'blk.0.attn_k_norm.weight' has wrong shape; expected   256, got    64,     1,     1,     1")),
        At("misshapen-tensor", Stage.Load, new(FailureKind.Error, "The tensor 'blk.0.attn_k.weight' has the shape [256, 32]; the metadata asks for [256, 64].")),
        At("extra-tensors", Stage.Load, new(FailureKind.Error, "error loading model: done_getting_tensors: wrong number of tensors; expected 29, got 23")),
        At("missing-metadata", Stage.Load, new(FailureKind.Error, "error loading model: error loading model hyperparameters: key not found in model: bailingmoe.expert_weights_scale")),
        At("wrong-metadata", Stage.Load, new(FailureKind.Error, "error loading model: error loading model hyperparameters: invalid value for sliding_window")),
        At("vocabulary-lacks-tokens", Stage.Load, new(FailureKind.Error, "error loading model: error loading model vocabulary: _Map_base::at")),
        At("truncated-file", Stage.Load, new(FailureKind.Error, "error loading model: tensor 'output.weight' data is not within the file bounds, model is corrupted or incomplete")),
        At("truncated-file", Stage.Inspect, new(FailureKind.Error, "the file is truncated: at least 900 bytes expected, 800 there, m.gguf, tensor 'x'. Download it again.")),
        At("not-a-model", Stage.Load, new(FailureKind.Error, "gguf_init_from_file: invalid magic characters: 'This', expected 'GGUF'")),
        At("aborted-by-assertion", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGABRT before it had answered load", "SIGABRT", Log: "llama_kv_cache: ok\n/w/ggml/src/ggml.c:3135: GGML_ASSERT(ggml_nelements(a) == ne0*ne1) failed")),
        At("aborted-by-assertion", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGABRT before it had answered load", "SIGABRT", Log: "src/llama.cpp:4899: fatal error")),
        At("aborted", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGABRT before it had answered load", "SIGABRT", Log: "terminate called")),
        At("illegal-instruction", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGILL before it had answered load", "SIGILL")),
        At("segmentation-fault", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGSEGV before it had answered load", "SIGSEGV")),
        At("killed", Stage.Load, new(FailureKind.Crash, "the worker was ended by SIGKILL before it had answered load", "SIGKILL", Suspected: true, Why: "oom_kill did not rise")),
        At("out-of-memory", Stage.Load, new(FailureKind.OutOfMemory, "resident memory of 312.4 MiB passed the limit of 300 MiB; killed")),
        At("out-of-memory", Stage.Load, new(FailureKind.OutOfMemory, "unable to allocate CPU buffer")),
        At("out-of-memory-predicted", Stage.Fit, new(FailureKind.Blocked, "estimated to need 5030.2 MB (4368 MB weights, 600 MB KV cache, 62 MB process), 4000 MB can be used")),
        At("timeout", Stage.Load, new(FailureKind.Timeout, "no answer to load within 4 s")),
        At("gated", Stage.Resolve, new(FailureKind.Refused, "the repository is gated: owner/repo; accept its terms")),
        At("not-found", Stage.Resolve, new(FailureKind.Blocked, "no file fits quantization 'Q9_K': owner/repo@main (commit 1); there are: a.gguf")),
        At("not-found", Stage.Resolve, new(FailureKind.Blocked, "there is no such repository: owner/none; check its name")),
        At("hub-unreachable", Stage.Resolve, new(FailureKind.Blocked, "offline: this is not in the cache: owner/repo; fetch it with a network")),
        At("disk-full", Stage.Fetch, new(FailureKind.HarnessError, "IOException: No space left on device : '/x/blobs/1.incomplete'")),
        At("hash-mismatch", Stage.Fetch, new(FailureKind.Mismatch, "sha256 is a, not b: owner/repo/f.gguf; fetch it again")),
        At("missing-library", Stage.Load, new(FailureKind.Error, "the library libllama.so does not load: libggml.so: cannot open shared object file: No such file or directory")),
        At("missing-library", Stage.Load, new(FailureKind.Error, "no llama.cpp library (libllama.so) in ./empty")),
        At("no-device", Stage.Load, new(FailureKind.Unsupported, "no vulkan device in this llama.cpp build: it sees CPU")),
        At("broken-protocol", Stage.Load, new(FailureKind.Error, "the worker ended with exit status 0 before it had answered load")),
        At("harness-failed", Stage.Load, new(FailureKind.HarnessError, "InvalidOperationException: it broke")),
    ];

    [TestCaseSource(nameof(Seen))]
    public void A_failure_has_the_cause_it_should(string cause, Stage stage, FailureRecord failure)
    {
        Explanation explained = Matcher().Explain(Make(stage, failure)).Single();
        Assert.That(explained.Cause?.Id, Is.EqualTo(cause));
        Assert.That(explained.Title + explained.Meaning + explained.Advice, Does.Not.Contain("{").And.Not.Contain("}"), "every fact is filled in");
        Assert.That(string.Join('\n', explained.Evidence.Select(e => e.Quote)), Does.Contain(failure.Message), "the evidence is the exact message");
    }

    [Test]
    public void What_no_cause_fits_says_so_and_keeps_everything()
    {
        var failure = new FailureRecord(FailureKind.Error, "the frobnicator is out of gauge", Log: "line one\nline two");
        Explanation explained = Matcher().Explain(Make(Stage.Load, failure)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(explained.Cause, Is.Null);
            Assert.That(explained.Title, Is.EqualTo("no known cause fits"));
            Assert.That(explained.Evidence.Select(e => e.Quote), Is.EqualTo(new[] { failure.Message, failure.Log }));
            Assert.That(explained.Advice, Does.Contain("harness run"));
        });
    }

    [Test]
    public void An_unknown_architecture_names_the_first_probed_build_that_loads_it_with_its_receipt()
    {
        Catalogue catalogue = Carried.Value;
        (string architecture, BackendKnowledge lacks) = (
            from known in catalogue.Knowledge
            from fact in known.Architectures
            where fact.IsUnknown && catalogue.Knowledge[^1].Architecture(fact.Name) is { Loads: true }
            select (fact.Name, known)).First();
        KnownFact first = catalogue.Knowledge.Select(k => k.Architecture(architecture)).First(f => f is { Loads: true })!;
        BackendKnowledge loads = catalogue.Knowledge.First(k => k.Architecture(architecture) is { Loads: true });
        Receipt receipt = Make(Stage.Load, new FailureRecord(FailureKind.Unsupported, lacks.Architecture(architecture)!.Message!), lacks.Backend.ToString());
        Explanation explained = Matcher().Explain(receipt).Single();
        Assert.That(explained.Title, Does.Contain(architecture).And.Contain(lacks.Backend.ToString()));
        Assert.That(explained.Meaning, Does.Contain(loads.Backend.ToString()).And.Contain(first.Receipt));
    }

    [Test]
    public void A_receipt_beside_it_shows_which_build_loads_it_where_no_probe_does()
    {
        Receipt failed = Make(Stage.Load, new FailureRecord(FailureKind.Unsupported, "unknown model architecture: 'brandnew'"), "llama.cpp@b8390", "brandnew");
        Receipt ran = Make(Stage.Load, null, "llama.cpp@local", "brandnew");
        Assert.That(Matcher(failed, ran).Explain(failed).Single().Meaning, Does.Contain("here it was loaded by llama.cpp@local"));
    }

    [Test]
    public void Out_of_memory_tells_what_was_predicted_allowed_and_measured()
    {
        Receipt receipt = Make(Stage.Load, new FailureRecord(FailureKind.OutOfMemory, "resident memory of 312.4 MiB passed the limit of 300 MiB; killed"));
        receipt = receipt with { Stages = [new StageRecord(Stage.Fit, Outcome.Ok, 1, "estimated 280.5 MB"), .. receipt.Stages] };
        Assert.That(Matcher().Explain(receipt).Single().Meaning, Is.EqualTo("Predicted 280.5 MB, limit 300 MiB, measured 312.4 MiB."));
    }

    [Test]
    public void An_illegal_instruction_names_the_set_the_processor_lacks()
    {
        Receipt receipt = Make(Stage.Load, new FailureRecord(FailureKind.Crash, "the worker was ended by SIGILL before it had answered load", "SIGILL")) with
        {
            Backend = new BackendFacts("llama.cpp", "b1", null, null, null, null, "AVX512 (skylakex)", []),
        };
        receipt = receipt with { Machine = receipt.Machine with { InstructionSets = ["AVX", "AVX2"] } };
        Assert.That(Matcher().Explain(receipt).Single().Meaning, Does.Contain("lacks AVX512").And.Contain("AVX2"));
    }

    [Test]
    public void A_device_that_was_asked_for_and_not_used_is_found_without_any_error()
    {
        Receipt receipt = Make(Stage.Load, null) with
        {
            Cell = new Cell("nano", "F16", "llama.cpp@b1", "vulkan"),
            Backend = new BackendFacts("llama.cpp", "b1", null, null, null, null, "AVX2", [new DeviceFacts("cpu", "A processor", null)]),
        };
        Explanation explained = Matcher().Explain(receipt).Single();
        Assert.That(explained.Cause?.Id, Is.EqualTo("silent-cpu-fallback"));
        Assert.That(explained.Evidence[0].Quote, Is.EqualTo("asked for vulkan, computed on cpu (A processor)"));
    }

    [Test]
    public void Garbage_is_explained_though_nothing_failed()
    {
        Receipt receipt = Make(Stage.Load, null) with
        {
            Evidence = Evidence.Trained,
            Checks = [new CheckRecord(Check.Generate, Outcome.Ok, 1)],
            Generations =
            [
                new GenerationRecord
                {
                    Prompt = "sum", PromptText = "1+1=", PromptIds = [1], IdsFrom = "builtin", MaxTokens = 8, Ids = [7, 7, 7, 7, 7, 7, 7, 7],
                    Bytes = Convert.ToBase64String("!!!!!!!!"u8), Text = "!!!!!!!!", StopReason = "length", Expectations = [new("contains", "2")],
                    PrefillMilliseconds = 1, DecodeMilliseconds = 1, OutsideMilliseconds = 2,
                },
            ],
        };
        Explanation explained = Matcher().Explain(receipt).Single();
        Assert.That(explained.Cause?.Id, Is.EqualTo("degenerate-output"));
        Assert.That(explained.Meaning, Does.Contain("token 7 over and over"));
    }

    [Test]
    public void A_system_message_that_was_folded_is_explained_by_its_template()
    {
        Receipt receipt = Make(Stage.Load, null) with
        {
            Checks = [new CheckRecord(Check.Generate, Outcome.Ok, 1), new CheckRecord(Check.Chat, Outcome.Ok, 1)],
            Chat = new ChatRecord
            {
                Conversation = "c",
                PromptText = "x",
                PromptIds = [1],
                BackendTemplate = "applies the file's template",
                Findings = [new ChatFinding(ChatFindingKind.SystemFolded, "System role not supported")],
            },
        };
        Assert.That(Matcher().Explain(receipt).Single().Cause?.Id, Is.EqualTo("template-refuses-system"));
    }

    [Test]
    public void What_went_well_needs_no_explanation() => Assert.That(Matcher().Explain(Make(Stage.Load, null)), Is.Empty);

    [Test]
    public void The_words_of_causes_are_the_words_of_receipts()
    {
        string[] kinds = [.. Words<FailureKind>(), .. Words<ChatFindingKind>(), "differs", "not-tried", "other-device"];
        Assert.That(CausePattern.KnownKinds, Is.EquivalentTo(kinds));
        Assert.That(CausePattern.KnownStages, Is.EquivalentTo(["plan", .. Words<Stage>(), .. Words<Check>()]));
    }

    [Test]
    public void Every_cause_of_the_catalogue_is_shown_by_a_test_or_needs_no_words()
    {
        string[] shown = [.. Seen.Select(t => (string)t.Arguments[0]!).Distinct()];
        string[] elsewhere =
        [
            "silent-cpu-fallback", "degenerate-output", "template-refuses-system", "another-template", "double-bos", "wrong-end-of-turn",
            "wrong-numbers", "missed-expectation", "tokenizer-differs", "no-tokenizer", "backend-absent", "hardware-absent", "nothing-to-ask", "unknown-architecture-builtin",
        ];
        Assert.That(Carried.Value.Causes.Select(c => c.Id), Is.EquivalentTo(shown.Concat(elsewhere)));
    }

    private static IEnumerable<string> Words<TEnum>()
        where TEnum : struct, Enum => Enum.GetValues<TEnum>().Select(Wire.Name);

    private static TestCaseData At(string cause, Stage stage, FailureRecord failure) =>
        new TestCaseData(cause, stage, failure).SetArgDisplayNames(cause, failure.Message[..Math.Min(60, failure.Message.Length)] + (failure.Log is null ? "" : " +log"));

    private static CauseMatcher Matcher(params Receipt[] receipts) =>
        new(Carried.Value, new ReceiptSet(receipts, [], [], new LogitsStore(Path.GetTempPath())));

    private static Receipt Make(Stage stage, FailureRecord? failure, string backend = "llama.cpp@b8390", string architecture = "llama") => ReceiptJson.WithId(new Receipt
    {
        Kind = ReceiptKind.Run,
        Run = "r",
        Attempt = 1,
        Started = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero),
        Cell = new Cell("probe", "F16", backend, "cpu"),
        Subject = new Subject { Files = [], Backend = backend, Hardware = "cpu", PromptsDigest = "p", Options = new Receipts.RunOptions(128, "F16", 1) },
        Evidence = Evidence.Probe,
        Source = new SourceFacts(Origin.Forged),
        Model = new ModelFacts(architecture, null, 1, 1, [new TensorTypeCount("F16", 1)], "F16", null, null, null, []),
        Machine = new MachineFacts("Linux", "x64", "A processor", 2, 1L << 34, ".NET", "0"),
        Stages = [new StageRecord(stage, failure is null ? Outcome.Ok : Outcome.Failed, 1, Failure: failure)],
        Checks = failure is null ? [new CheckRecord(Check.Generate, Outcome.Ok, 1)] : [],
        Command = "harness run --model probe",
    });

    private static string Repository(string name)
    {
        for (DirectoryInfo? folder = new(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "matrix.yaml"))) return Path.Combine(folder.FullName, name);
        }

        Assert.Ignore("matrix.yaml is not above the tests: they run outside a checkout");
        throw new InvalidOperationException();
    }
}
