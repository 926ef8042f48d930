using Harness.Formats.Forging;
using Harness.Hub;
using Harness.Matrix;
using Harness.Receipts;
using Harness.Receipts.Store;
using Harness.Runner.Hardware;
using Harness.Workers;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>What a worker process does in a conversation, from its ids to the receipt.</summary>
internal sealed class ChatCheckSpecs
{
    // The ids of these in the forged vocabulary of a qwen2 probe are learned from the file.
    private const string Template =
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        + "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string Prompt = "<|im_start|>user\nYou are terse.\n\nHi<|im_end|>\n<|im_start|>assistant\n";

    private ScratchRun _run = null!;
    private string _model = "";
    private int _end;
    private int _begin;

    [SetUp]
    public void Prepare()
    {
        _run = new ScratchRun();
        _run.Write("matrix/prompts/chat.yaml", """
            conversations:
              - id: terse
                messages: [{ system: You are terse. }, { user: Hi }]
                max-tokens: 8
                models: ["*"]
            """);
        _model = MakeModel(Template);
    }

    [TearDown]
    public void Remove() => _run.Dispose();

    [Test]
    public async Task ASystemMessageThatTheTemplateRefusesIsFoldedTriedAgainAndRecorded()
    {
        Receipt receipt = await ChatAsync($"ids=65,{_end};text=Paris;prompt={Prompt};prompt-ids=1,2");
        CheckRecord check = receipt.Checks.Single(c => c.Check == Check.Chat);
        Assert.That((check.Outcome, check.Reason), Is.EqualTo((Outcome.Ok, "the system message was folded into the first user message")));
        Assert.That(receipt.Chat!.SystemRefusal, Is.EqualTo("System role not supported"));
        Assert.That(receipt.Chat.PromptText, Is.EqualTo(Prompt));
        Assert.That(receipt.Chat.Findings.Select(f => f.Kind), Is.EqualTo(new[] { ChatFindingKind.SystemFolded }));
    }

    [Test]
    public async Task ABackendThatAppliesAnotherTemplateIsFound() =>
        Assert.That(
            Faults(await ChatAsync($"ids=65,{_end};text=Paris;prompt=[INST] You are terse. Hi [/INST];prompt-ids=1,2")),
            Is.EqualTo(new[] { ChatFindingKind.AnotherTemplate }));

    [Test]
    public async Task ABackendThatDoublesBosIsFound() =>
        Assert.That(
            Faults(await ChatAsync($"ids=65,{_end};text=Paris;prompt={Prompt};prompt-ids={_begin},{_begin},2")), Is.EqualTo(new[] { ChatFindingKind.DoubleBos }));

    [Test]
    public async Task AnAnswerThatRunsPastItsEndIsFound()
    {
        Receipt receipt = await ChatAsync($"ids=65,{_end},66,67;text=Paris;prompt={Prompt};prompt-ids=1,2");
        Assert.That(Faults(receipt), Is.EqualTo(new[] { ChatFindingKind.RanPastEndOfTurn }));
        Assert.That(receipt.Checks.Single(c => c.Check == Check.Chat).Failure!.Message, Does.Contain($"<|im_end|> ({_end}) is token 2 of 4"));
    }

    [Test]
    public async Task SpecialTokensThatLeakAsTextAreFound() =>
        Assert.That(
            Faults(await ChatAsync("ids=65,66;text=Paris<|im_end|>;prompt=" + Prompt + ";prompt-ids=1,2")), Is.EqualTo(new[] { ChatFindingKind.LeakedSpecialTokens }));

    [Test]
    public async Task APromptTooLongToBeAnsweredIsHeldAgainstTheBackendsAllTheSame()
    {
        _model = MakeModel("{{ 'word ' * 200 }}" + Template);
        Assert.That(Faults(await ChatAsync("ids=65;text=Paris;prompt=short;prompt-ids=1,2")), Is.EqualTo(new[] { ChatFindingKind.AnotherTemplate }));
        Receipt fits = await ChatAsync("ids=65;text=Paris");
        CheckRecord check = fits.Checks.Single(c => c.Check == Check.Chat);
        Assert.That((check.Outcome, check.Reason), Is.EqualTo((Outcome.Skipped, $"the prompt of {fits.Chat!.PromptIds.Count} tokens does not fit a context of 256")));
    }

    [Test]
    public async Task ABackendThatAppliesNoTemplatesIsGivenTheFilesPrompt()
    {
        Receipt receipt = await ChatAsync($"ids=65,{_end};text=Paris");
        Assert.That(Faults(receipt), Is.Empty);
        Assert.That(receipt.Chat!.BackendTemplate, Is.EqualTo("none: this backend applies no chat templates"));
    }

    [Test]
    public async Task ATemplateThatFailsSaysSoAndNoneIsAppliedInItsStead()
    {
        _model = MakeModel("{{ messages[0].content.nothing.more }}");
        Receipt receipt = await ChatAsync($"ids=65,{_end};text=Paris");
        CheckRecord check = receipt.Checks.Single(c => c.Check == Check.Chat);
        Assert.That(check.Outcome, Is.EqualTo(Outcome.Failed));
        Assert.That(check.Failure!.Message, Does.StartWith("the file's chat template fails (line 1)").And.EndsWith("none is applied in its stead"));
        Assert.That(receipt.Chat, Is.Null);
        Assert.That(receipt.Model!.ChatTemplate!.Fault, Is.Not.Null);
    }

    [Test]
    public async Task AModelWithoutATemplateSaysSoAndIsGivenNone()
    {
        _model = MakeModel(null);
        Receipt receipt = await ChatAsync($"ids=65,{_end};text=Paris");
        CheckRecord check = receipt.Checks.Single(c => c.Check == Check.Chat);
        Assert.That((check.Outcome, check.Reason), Is.EqualTo((Outcome.Skipped, "the file has no chat template; none is applied in its stead")));
        Assert.That((receipt.Chat, receipt.Model!.ChatTemplate), Is.EqualTo(((ChatRecord?)null, (ChatTemplateFacts?)null)));
    }

    private static ChatFindingKind[] Faults(Receipt receipt) => [.. receipt.Chat!.Findings.Select(f => f.Kind).Where(k => k != ChatFindingKind.SystemFolded)];

    // The weights are random, but the file does not say so: what it answers is judged.
    private string MakeModel(string? template)
    {
        string path = Path.Combine(_run.Folder, "talker-Q8_0.gguf");
        ProbeForge.Write("qwen2", "Q8_0", 1, path, chat: new ForgedChat(template));
        using (var file = Harness.Formats.Gguf.GgufFile.Open(path))
        {
            var tokenizer = Harness.Text.Tokenizer.Create(Harness.Text.TokenizerData.FromGguf(file.Metadata));
            (_end, _begin) = (tokenizer.Encode("<|im_end|>", parseSpecial: true).Single(), tokenizer.BosId!.Value);
        }

        byte[] bytes = File.ReadAllBytes(path);
        "harness.0rigin"u8.CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf("harness.origin"u8)));
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private async Task<Receipt> ChatAsync(string told)
    {
        using var hub = new HubClient(_run.HubOptions with { CacheDirectory = Path.Combine(_run.Folder, "hf") });
        (Catalogue catalogue, Selection selection) = await new UnlistedModels(hub).AddAsync(
            _run.Matrix.Catalogue, new Selection { Models = [_model], Quants = ["Q8_0"], Backends = ["builtin"] }, default);
        var plan = Plan.Create(
            catalogue, _run.Matrix.File, selection, new EnvironmentFacts(HardwareProbe.Platform(), []) { NpmPresent = true });
        using ReceiptStore store = ReceiptStore.Open(_run.Output);
        using var launcher = new WorkerLauncher();
        var runner = new MatrixRunner(_run.Settings(), hub, launcher, store, new DummyBackends(_ => ["chat", told]), IRunProgress.None);
        await runner.RunAsync(plan, default);
        return store.Receipts[^1];
    }
}
