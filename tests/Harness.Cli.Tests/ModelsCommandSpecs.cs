using System.Text.Json;
using Harness.LoopbackHub;
using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness models …</c>, against a hub on the loopback interface and a cache of the test's own.</summary>
public sealed class ModelsCommandSpecs
{
    private const string Repo = "owner/tiny";
    private BuiltHarness _harness = null!;
    private LoopbackHub.LoopbackHub _hub = null!;

    [SetUp]
    public async Task Make()
    {
        _harness = new BuiltHarness();
        string root = Path.Combine(_harness.Directory, "served");
        string folder = Path.Combine(root, Repo);
        _ = Directory.CreateDirectory(folder);
        foreach (string quant in (string[])["F16", "Q8_0"])
            Assert.That(_harness.Run("forge", "--arch", "llama", "--quant", quant, "--out", Path.Combine(folder, $"tiny-{quant}.gguf")).Status, Is.Zero);
        File.Copy(Path.Combine(folder, "tiny-F16.gguf"), Path.Combine(folder, "mmproj-tiny-F16.gguf"));
        _hub = await LoopbackHub.LoopbackHub.StartAsync(new LoopbackOptions { Root = root });
        _harness.Environment["HF_ENDPOINT"] = _hub.Endpoint.ToString();
        _harness.Environment["HF_HUB_OFFLINE"] = "0";
    }

    [TearDown]
    public async Task Remove()
    {
        await _hub.DisposeAsync();
        _harness.Dispose();
    }

    [Test]
    public void A_model_goes_from_a_search_to_its_removal()
    {
        Assert.That(Json("models", "search", "tiny")[0].GetProperty("repo").GetString(), Is.EqualTo(Repo));
        JsonElement[] variants = [.. Json("models", "files", Repo).GetProperty("variants").EnumerateArray()];
        Assert.That(variants.Single(v => v.GetProperty("kind").GetString() == "projector").GetProperty("files")[0].GetProperty("path").GetString(), Is.EqualTo("mmproj-tiny-F16.gguf"));

        Outcome downloaded = _harness.Run("models", "download", Repo, "--quant", "q8_0");
        Assert.That(downloaded.Status, Is.Zero, downloaded.Error);
        Assert.That(File.Exists(downloaded.Output.Trim()), downloaded.Output);
        Assert.That(_harness.Run("models", "list").Output, Does.Contain(Repo).And.Contain("tiny-Q8_0.gguf").And.Not.Contain("F16"));
        Assert.That(_harness.Run("models", "verify").Output, Does.Contain("1 right"));

        Outcome removed = _harness.Run("models", "remove", Repo, "--yes");
        Assert.That(removed.Status, Is.Zero, removed.Error);
        Assert.That(File.Exists(downloaded.Output.Trim()), Is.False);
        Assert.That(_harness.Run("models", "list").Output, Does.Contain("No models"));
    }

    [Test]
    public void Several_files_that_fit_are_listed_and_none_is_fetched()
    {
        Outcome outcome = _harness.Run("models", "download", Repo);
        Assert.That(outcome.Status, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("tiny-F16.gguf, tiny-Q8_0.gguf").And.Not.Contain("mmproj"));
        Assert.That(_hub.Log.Any(r => r.Storage && r.Method == "GET"), Is.False);
    }

    [Test]
    public void A_changed_byte_is_named_with_the_command_that_mends_it()
    {
        string path = _harness.Run("models", "download", Repo, "--quant", "Q8_0").Output.Trim();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Outcome wrong = _harness.Run("models", "verify");
        Assert.That(wrong.Status, Is.EqualTo(1));
        Assert.That(wrong.Output + wrong.Error, Does.Contain("tiny-Q8_0.gguf").And.Contain("models download").And.Contain("--force"));

        Assert.That(_harness.Run("models", "download", Repo, "--quant", "Q8_0", "--force").Status, Is.Zero);
        Assert.That(_harness.Run("models", "verify").Status, Is.Zero);
    }

    [Test]
    public void Without_a_terminal_nothing_is_removed_unless_it_was_said()
    {
        string path = _harness.Run("models", "download", Repo, "--quant", "Q8_0").Output.Trim();
        Outcome outcome = _harness.Run("models", "remove", Repo);
        Assert.That(outcome.Status, Is.EqualTo(2));
        Assert.That(outcome.Error, Does.Contain("--yes"));
        Assert.That(File.Exists(path));
    }

    [Test]
    public void What_is_left_of_a_broken_download_is_pruned()
    {
        // Less each time than counts as getting on.
        _hub.Faults.Add(Fault.Parse("drop,path=tiny-F16.gguf,times=1000,bytes=50000"));
        Outcome broken = _harness.Run("models", "download", Repo, "--quant", "F16");
        Assert.That(broken.Status, Is.EqualTo(1), broken.Output);
        string[] Left() => Directory.GetFiles(Path.Combine(_harness.Directory, "hub"), "*.incomplete", SearchOption.AllDirectories);
        Assert.That(Left(), Is.Not.Empty);
        Assert.That(_harness.Run("models", "prune", "--dry-run").Status, Is.Zero);
        Assert.That(Left(), Is.Not.Empty, "only asked");
        Assert.That(_harness.Run("models", "prune", "--yes").Status, Is.Zero);
        Assert.That(Left(), Is.Empty);
    }

    [Test]
    public void A_catalogue_entry_that_moved_is_found()
    {
        Outcome outcome = _harness.Run("models", "check", "--model", "qwen2.5-0.5b");
        Assert.That(outcome.Status, Is.EqualTo(1));
        Assert.That(outcome.Output, Does.Contain("Qwen/Qwen2.5-0.5B-Instruct-GGUF").And.Contain("missing"));
    }

    private JsonElement Json(params string[] arguments)
    {
        Outcome outcome = _harness.Run([.. arguments, "--json"]);
        Assert.That(outcome.Status, Is.Zero, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
