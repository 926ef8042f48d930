using Harness.Hub;
using Harness.Matrix;
using NUnit.Framework;

namespace Harness.Runner.Tests;

/// <summary>MODEL on a command line: a path, <c>hf:owner/repo</c>, or a name of the catalogue.</summary>
internal sealed class ModelLocatorSpecs
{
    private ScratchRun _run = null!;
    private HubClient _hub = null!;
    private ModelLocator _locator = null!;

    [SetUp]
    public void Prepare()
    {
        _run = new ScratchRun();
        _hub = new HubClient(_run.HubOptions with { CacheDirectory = Path.Combine(_run.Folder, "hf") });
        _locator = new ModelLocator(_hub, () => _run.Matrix.Catalogue, Path.Combine(_run.Folder, "home"), threads: 1);
    }

    [TearDown]
    public void Remove()
    {
        _hub.Dispose();
        _run.Dispose();
    }

    [Test]
    public async Task AFileIsTakenAsItIsAndBeforeEverythingElse()
    {
        _run.Write("any.gguf", "anything");
        string path = Path.Combine(_run.Folder, "any.gguf");
        Assert.That(await _locator.FindAsync(path), Is.EqualTo(path));
    }

    [TestCase("probe:Q8_0", "Q8_0")]
    [TestCase("probe:Q4_K_M", "Q4_K_M")]
    public async Task ANameOfTheCatalogueIsMadeOnceAndFoundAgain(string model, string quant)
    {
        string path = await _locator.FindAsync(model);
        Assert.That(Path.GetFileName(path), Does.Contain(quant));
        DateTime made = File.GetLastWriteTimeUtc(path);
        Assert.That(await _locator.FindAsync(model), Is.EqualTo(path));
        Assert.That(File.GetLastWriteTimeUtc(path), Is.EqualTo(made));
        Assert.That(await _locator.FindAsync("probe", quant), Is.EqualTo(path));
    }

    [TestCase("nonesuch", "nonesuch", "probe")]
    [TestCase("./nonesuch.gguf", "there is no such file", "hf:owner/repo")]
    [TestCase("nonesuch.gguf", "there is no such file", "hf:owner/repo")]
    [TestCase("probe:Q2_K", "Q2_K", "Q4_K_M")]
    public async Task AMistakeSaysWhatIsWrongAndWhatToDo(string model, string wrong, string remedy)
    {
        Diagnostic said = (await Assert.ThrowsAsync<MatrixException>(() => _locator.FindAsync(model)))!.Diagnostics.Single();
        Assert.That(said.Message, Does.Contain(wrong));
        Assert.That(said.Remedy, Does.Contain(remedy));
        Assert.That(said.Field, Is.EqualTo("MODEL"));
    }

    [TestCase("remote")]
    [TestCase("hf:owner/repo/file.gguf@main")]
    public async Task OfflineWhatIsNotCachedIsSaidToBeTheHubs(string model) =>
        Assert.That((await Assert.ThrowsAsync<HubException>(() => _locator.FindAsync(model)))!.Failure, Is.EqualTo(HubFailure.Offline));

    [TestCase("hf:owner")]
    [TestCase("hf:")]
    public async Task AHubsNameThatIsNoneSaysHowToWriteOne(string model)
    {
        HubException said = (await Assert.ThrowsAsync<HubException>(() => _locator.FindAsync(model)))!;
        Assert.That(said.Failure, Is.EqualTo(HubFailure.Usage));
        Assert.That(said.Advice, Does.Contain("hf:owner/repo"));
    }
}
