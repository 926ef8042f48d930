using Harness.Receipts;
using Harness.Receipts.Comparisons;
using NUnit.Framework;

namespace Harness.EndToEnd.Tests;

/// <summary>The README's run command: <c>harness run</c>, with llama.cpp builds got through npm.</summary>
internal sealed class DefaultRunSpecs
{
    private static readonly string[] Backends = ["builtin", "llama.cpp@b8390", "llama.cpp@v0.5.0"];
    private static readonly string[] Quants = ["F16", "Q8_0", "Q4_K_M"];
    private static readonly string[] Models = ["nano", "probe-llama", "probe-qwen2"];

    private Bench _bench = null!;
    private RunResult _run = null!;

    [OneTimeSetUp]
    public async Task Run()
    {
        if (Backends.Skip(1).Any(b => Bench.LlamaCpp(b.Split('@')[1]) is null) && !OnPath("npm"))
            Assert.Ignore("npm not found in PATH: install Node.js with npm to see the default run install llama.cpp builds");
        _bench = new Bench().WithSharedHome();
        _run = await _bench.TryCellsAsync("out");
        if (_run.Cells.FirstOrDefault(c => c.Reason.Contains("could not be installed", StringComparison.Ordinal)) is { } cell)
            Assert.Ignore($"npm cannot fetch here: {cell.Reason}");
    }

    [OneTimeTearDown]
    public void Remove() => _bench?.Dispose();

    [Test]
    public void EveryCellOfTheDefaultProfileWorks()
    {
        IEnumerable<string> expected = from m in Models from q in Quants from b in Backends select $"{m} {q} {b} works";
        Assert.That(
            _run.Cells.Select(c => $"{c.Model} {c.Quant} {c.Backend} {c.Verdict}"),
            Is.EquivalentTo(expected), string.Join('\n', _run.Cells.Select(c => $"{c.Coordinates}: {c.Verdict}: {c.Reason}")));
        Assert.That((_run.End.Status, _run.End.Errors), Is.EqualTo((0, "")));
    }

    [Test]
    public void TheJsonSaysOfEachCellWhatScriptsRelyOn()
    {
        Assert.Multiple(() =>
        {
            foreach (JsonCell cell in _run.Cells)
            {
                Assert.That(cell.Hardware, Is.EqualTo("cpu"));
                Assert.That(cell.Evidence, Is.EqualTo(cell.Model == "nano" ? "trained" : "probe"));
                Assert.That(cell.Stage, Is.EqualTo("score"));
                Assert.That(cell.Reason, Is.Not.Empty);
                Assert.That(cell.Command, Is.EqualTo($"harness run --model {cell.Model} --quant {cell.Quant} --backend {cell.Backend} --hardware cpu"));
            }
        });
    }

    /// <summary>nano's template takes no system message; llama.cpp's C interface formats [INST] in a way of its own.</summary>
    [TestCase("nano", "builtin", ChatFindingKind.SystemFolded)]
    [TestCase("nano", "llama.cpp@v0.5.0", ChatFindingKind.SystemFolded)]
    [TestCase("probe-qwen2", "builtin", null)]
    [TestCase("probe-qwen2", "llama.cpp@v0.5.0", null)]
    [TestCase("probe-llama", "builtin", null)]
    [TestCase("probe-llama", "llama.cpp@v0.5.0", ChatFindingKind.AnotherTemplate)]
    [TestCase("probe-llama", "llama.cpp@b8390", ChatFindingKind.AnotherTemplate)]
    public void TheChatCheckStandsBesideTheVerdict(string model, string backend, ChatFindingKind? expected)
    {
        Receipt receipt = _run.Receipts.Receipts.First(r => r.Cell.Model == model && r.Cell.Backend == backend);
        Assert.That(receipt.Chat!.Findings.Select(f => f.Kind), Is.EqualTo(expected is { } kind ? [kind] : Array.Empty<ChatFindingKind>()));
        Assert.That(receipt.Chat.PromptText, Does.Contain("You are terse."));
        Assert.That(receipt.Chat.Ids, Is.Not.Empty);
        Assert.That(receipt.Chat.BackendPrompt is null, Is.EqualTo(expected != ChatFindingKind.AnotherTemplate));
    }

    [Test]
    public void ThePageLiesWhereTheJsonSaysAndShowsEveryModel()
    {
        Assert.That(_run.Report, Is.EqualTo(_bench.In("out", "report.md")));
        string page = File.ReadAllText(_run.Report).Replace("\\_", "_", StringComparison.Ordinal);
        foreach (string word in (string[])[.. Models, .. Quants, .. Backends, "works"]) Assert.That(page, Does.Contain(word));
    }

    [Test]
    public void EachReceiptHoldsExactInputsDigestsIdsTimingsAndItsCommand()
    {
        Receipt[] tried = [.. Runs()];
        Assert.That(tried.Select(r => r.Cell), Is.EquivalentTo(_run.Cells.Select(c => c.Coordinates)));
        Assert.Multiple(() =>
        {
            foreach (Receipt receipt in tried)
            {
                string cell = receipt.Cell.ToString();
                Assert.That(receipt.Attempt, Is.EqualTo(1), cell);
                Assert.That(receipt.Subject.Files.Single().Sha256, Does.Match("^[0-9a-f]{64}$"), cell);
                Assert.That(receipt.Subject.BackendDigest, Does.Match("^[0-9a-f]{64}$"), cell);
                Assert.That(receipt.Backend!.Devices, Is.Not.Empty, cell);
                Assert.That(receipt.Backend.InstructionSet, Is.Not.Null, cell);
                if (receipt.Backend.Engine == "llama.cpp")
                    Assert.That(receipt.Backend.Distribution, Does.StartWith("npm @node-llama-cpp/"), cell);
                Assert.That(receipt.Stages.Select(s => s.Stage), Is.EqualTo(Enum.GetValues<Stage>()), cell);
                Assert.That(receipt.Generations, Is.Not.Empty.And.All.Matches<GenerationRecord>(g => g!.PromptIds.Count > 0 && g.Ids.Count > 0), cell);
                Assert.That(File.Exists(_run.Receipts.Logits.PathOf(receipt.Score!.LogitsSha256)), cell);
                Assert.That(receipt.Timings!.LoadMilliseconds, Is.Positive, cell);
                Assert.That(receipt.Timings.FirstTokenMilliseconds, Is.Positive, cell);
                Assert.That(receipt.Timings.PrefillTokensPerSecond, Is.Positive, cell);
                Assert.That(receipt.Timings.DecodeTokensPerSecond, Is.Positive, cell);
                Assert.That(receipt.Memory is not null, Is.EqualTo(receipt.Cell.Model == "nano"), $"{cell}: peak memory is of a process of its own");
                Assert.That(receipt.Model?.Architecture, Is.EqualTo(receipt.Cell.Model == "probe-qwen2" ? "qwen2" : "llama"), cell);
                Assert.That(receipt.Model?.Features, Is.Not.Empty, cell);
                Assert.That(receipt.Command, Does.StartWith($"harness run --model {receipt.Cell.Model} "), cell);
            }
        });
    }

    [Test]
    public void WhatWasQuantizedHereHasAReceiptOfItsOwnForThat()
    {
        var quantized = Runs().Where(r => r.Source.Origin == Origin.Quantized).Select(r => (r.Cell.Model, r.Cell.Quant)).Distinct().ToArray();
        Receipt[] receipts = [.. _run.Receipts.Receipts.Where(r => r.Kind == ReceiptKind.Convert)];
        Assert.That(quantized, Is.Not.Empty);
        Assert.That(receipts.Select(r => (r.Cell.Model, r.Cell.Quant)), Is.EquivalentTo(quantized));
        foreach (Receipt receipt in receipts)
        {
            Assert.That(receipt.Checks.Select(c => (c.Check, c.Outcome)), Is.EqualTo(new[] { (Check.Quantize, Outcome.Ok) }));
            Assert.That(receipt.Quantization!.RelativeError, Is.Positive);
            Assert.That(receipt.Command, Does.StartWith("harness quantize nano:F16 ").And.EndWith(" " + receipt.Cell.Quant));
        }
    }

    [Test]
    public void AllBackendsOfAVariantSawTheSameIds()
    {
        foreach (IGrouping<(string, string), Receipt> variant in Runs()
            .GroupBy(r => (r.Cell.Model, r.Cell.Quant)))
        {
            Assert.That(variant.Select(r => r.Subject.InputsDigest).Distinct().Count(), Is.EqualTo(1), $"{variant.Key}");
            Assert.That(variant.Select(r => string.Join(' ', r.Score!.Ids)).Distinct().Count(), Is.EqualTo(1), $"{variant.Key}");
            Assert.That(variant.Select(r => string.Join(' ', r.Generations[0].PromptIds)).Distinct().Count(), Is.EqualTo(1), $"{variant.Key}");
            Assert.That(variant.Select(r => r.Generations[0].IdsFrom).Distinct(), Is.EqualTo(new[] { "llama.cpp@v0.5.0" }), $"{variant.Key}");
        }
    }

    [Test]
    public void ComparisonsRelateTheEnginesOnEveryVariant()
    {
        Dictionary<string, Receipt> receipts = _run.Receipts.Receipts.ToDictionary(r => r.Id);
        Assert.That(_run.Receipts.Comparisons.SelectMany(c => new[] { c.Receipt, c.Reference }).Distinct(), Is.SubsetOf(receipts.Keys));
        foreach (string model in Models)
        {
            foreach (string quant in Quants)
            {
                Comparison[] related = [.. _run.Receipts.Comparisons.Where(c => (receipts[c.Receipt].Cell.Model, receipts[c.Receipt].Cell.Quant) == (model, quant))];
                Assert.That(
                    related.Select(c => $"{c.Backend} {c.ReferenceBackend} {c.Peers} {c.Logits is not null}"),
                    Is.EquivalentTo(new[]
                    {
                        "builtin llama.cpp@v0.5.0 False True", "llama.cpp@b8390 llama.cpp@v0.5.0 False True", "llama.cpp@b8390 builtin True True",
                    }).Or.EquivalentTo(new[]
                    {
                        "builtin llama.cpp@v0.5.0 False True", "llama.cpp@b8390 llama.cpp@v0.5.0 False True", "builtin llama.cpp@b8390 True True",
                    }), $"{model} {quant}");
            }
        }
    }

    [Test]
    public void NothingThatIsKeptNamesTheMachineItsUserOrItsFolders()
    {
        string[] names = [_bench.Folder, Bench.SharedHome, Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)];
        foreach (string file in (string[])["receipts.jsonl", "comparisons.jsonl", "runs.jsonl", "report.md"])
        {
            string text = File.ReadAllText(_bench.In("out", file));
            foreach (string name in names.Where(n => n.Length > 5)) Assert.That(text, Does.Not.Contain(name), file);
            if (Environment.MachineName.Length > 4) Assert.That(text, Does.Not.Contain(Environment.MachineName), file);
        }
    }

    [Test]
    public async Task TheCommandOfAReceiptRepeatsIt()
    {
        Receipt first = Runs().First(r => r.Cell is { Model: "probe-llama", Quant: "Q4_K_M", Backend: "builtin" });
        string[] words = first.Command.Split(' ');
        Assert.That(words[..2], Is.EqualTo(new[] { "harness", "run" }));
        RunResult again = await _bench.TryCellsAsync("again", words[2..]);
        Receipt second = again.Receipts.Receipts.Single(r => r.Kind == ReceiptKind.Run);
        Assert.That(second.Cell, Is.EqualTo(first.Cell));
        Assert.That(second.Subject.Digest, Is.EqualTo(first.Subject.Digest));
        Assert.That(second.Generations[0].Ids, Is.EqualTo(first.Generations[0].Ids));
        Assert.That(second.Score!.LogitsSha256, Is.EqualTo(first.Score!.LogitsSha256), "the same bits, from run to run");
    }

    [Test]
    public async Task ARunPrintsItsTableAndWhereTheReportIs()
    {
        ProgramEnd end = await _bench.RunAsync("run", "--model", "probe-llama", "--quant", "Q8_0", "--out", _bench.In("table"));
        Assert.That((end.Status, end.Errors), Is.EqualTo((0, "")), end.Output);
        string[] cells = ["probe-llama", "Q8_0", "works", "builtin"];
        foreach (string cell in cells) Assert.That(end.Output, Does.Contain(cell));
        string report = end.Output.TrimEnd().Split('\n')[^1];
        Assert.That(report, Does.StartWith("report: "));
        Assert.That(File.Exists(Path.GetFullPath(report["report: ".Length..], Repository.Root)), report);
    }

    private IEnumerable<Receipt> Runs() => _run.Receipts.Receipts.Where(r => r.Kind == ReceiptKind.Run);

    private static bool OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(d => d.Length > 0 && (File.Exists(Path.Combine(d, name)) || File.Exists(Path.Combine(d, name + ".cmd"))));
}
