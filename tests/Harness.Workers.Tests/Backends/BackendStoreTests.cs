using System.Formats.Tar;
using Harness.Workers.Backends;
using NUnit.Framework;

namespace Harness.Workers.Tests.Backends;

public class BackendStoreTests
{
    private static readonly BackendSpec Spec = new("llama.cpp", "b1", [new BackendPackage(FakeNpm.Package, "1.0.0")]);
    private string _directory = "";
    private string _home = "";

    [SetUp]
    public void CreateDirectory()
    {
        _directory = Directory.CreateTempSubdirectory("harness-store-").FullName;
        _home = Path.Combine(_directory, "home");
    }

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task AnInstalledBackendIsListedWithWhereItCameFrom()
    {
        BackendStore store = Store(new FakeNpm(_directory).Giving(FakeNpm.Usual()));
        InstalledBackend installed = await store.InstallAsync(Spec);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(store.List().Select(backend => backend.Id), Is.EqualTo(new[] { "llama.cpp@b1" }));
            Assert.That(store.Find("llama.cpp")!.Directory, Is.EqualTo(installed.Directory));
            Assert.That(store.Find("llama.cpp@b2"), Is.Null);
            Assert.That(installed.Provenance.Packages[0].Integrity, Does.StartWith("sha512-"));
            Assert.That(installed.Provenance.Upstream!.Release, Is.EqualTo("b1"));
            Assert.That(installed.Provenance.Digest, Is.EqualTo(LibraryDigest.Of(
                Directory.EnumerateFiles(installed.Directory).Where(path => path.EndsWith(".so", StringComparison.Ordinal)))));
            Assert.That(Path.Combine(installed.Directory, "llama-addon.node"), Does.Not.Exist);
        }
    }

    [Test]
    public async Task TheSameBackendInstalledByManyAtOnceIsFetchedOnce()
    {
        FakeNpm npm = new FakeNpm(_directory).Giving(FakeNpm.Usual(), delay: "0.3");
        InstalledBackend[] installed = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store(npm).InstallAsync(Spec)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(npm.Calls, Is.EqualTo(1));
            Assert.That(installed.Select(backend => backend.Directory).Distinct().Count(), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task AnInterruptedInstallationLeavesNothingAndTheNextOneWorks()
    {
        FakeNpm npm = new FakeNpm(_directory).Giving(FakeNpm.Usual(), delay: "30");
        using (var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(500)))
            await Assert.CatchAsync<OperationCanceledException>(() => Store(npm).InstallAsync(Spec, null, cancellation.Token));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Store(npm).List(), Is.Empty);
            Assert.That(Directory.EnumerateDirectories(Path.Combine(_home, "backends", "llama.cpp")), Is.Empty);
        }

        // What a killed process leaves: its working directory, and a target without a record.
        string engine = Path.Combine(_home, "backends", "llama.cpp");
        Directory.CreateDirectory(Path.Combine(engine, ".b1.incoming-dead", "files"));
        Directory.CreateDirectory(Path.Combine(engine, "b1"));
        File.WriteAllText(Path.Combine(engine, "b1", "libllama.so"), "half");
        InstalledBackend installed = await Store(npm.Giving(FakeNpm.Usual())).InstallAsync(Spec);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(File.ReadAllText(Path.Combine(installed.Directory, "libllama.so")), Is.EqualTo("library"));
            Assert.That(Directory.EnumerateDirectories(engine), Is.EqualTo(new[] { installed.Directory }));
        }
    }

    [Test]
    public async Task BytesOtherThanPromisedAreRefused()
    {
        var npm = new FakeNpm(_directory);
        byte[] archive = FakeNpm.Usual();
        string integrity = "sha512-" + Convert.ToBase64String(new byte[64]);
        BackendException e = await Refused(npm.Giving(archive, integrity));
        Assert.That(e.Message, Does.Contain(integrity));
        Assert.That((await Refused(npm.Giving([1, 2, 3]))).Message, Does.Contain("damaged"));
        Assert.That((await Refused(npm.Giving(FakeNpm.Usual("b2")))).Message, Does.Contain("carries llama.cpp b2, not b1"));
        Assert.That((await Refused(npm.Giving(FakeNpm.Archive(FakeNpm.File_("package/package.json"))))).Message, Does.Contain("no libraries"));
    }

    [TestCase("package/bins/linux-x64/../../../../outside.so")]
    [TestCase("package/bins/linux-x64//outside.so")]
    [TestCase("package/bins/linux-x64/..")]
    [TestCase("package/bins/linux-x64/a\\b.so")]
    public async Task APathThatLeavesTheDirectoryIsRefused(string name)
    {
        BackendException e = await Refused(new FakeNpm(_directory).Giving(FakeNpm.Archive(FakeNpm.File_(name))));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(e.Failure, Is.EqualTo(BackendFailure.Corrupt));
            Assert.That(Directory.EnumerateFiles(_directory, "outside.so", SearchOption.AllDirectories), Is.Empty);
        }
    }

    [Test]
    public async Task ALinkInTheArchiveIsRefused() => Assert.That(
        (await Refused(new FakeNpm(_directory).Giving(FakeNpm.Archive(
            new PaxTarEntry(TarEntryType.SymbolicLink, "package/bins/linux-x64/libllama.so") { LinkName = "elsewhere.so" })))).Message,
        Does.Contain("not a plain file"));

    [TestCase("E404", BackendFailure.NotFound)]
    [TestCase("ETARGET", BackendFailure.NotFound)]
    [TestCase("ENOTFOUND", BackendFailure.Offline)]
    [TestCase("EACCES", BackendFailure.Failed)]
    public async Task WhatNpmSaysIsPassedOn(string code, BackendFailure failure)
    {
        BackendException e = await Refused(new FakeNpm(_directory).Running(
            """echo '{"error": {"code": "CODE", "summary": "the words of npm"} }'; exit 1""".Replace("CODE", code, StringComparison.Ordinal)));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(e.Failure, Is.EqualTo(failure));
            Assert.That(e.Message, Does.Contain("the words of npm").And.Contain(code));
        }
    }

    [Test]
    public async Task WithoutNpmTheMessageSaysHowToGetIt()
    {
        var store = new BackendStore(_home, new NpmClient(executable: null));
        BackendException e = (await Assert.ThrowsAsync<BackendException>(() => store.InstallAsync(Spec)))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(e.Failure, Is.EqualTo(BackendFailure.NpmMissing));
            Assert.That(e.Remedy, Does.Contain("--llama-cpp"));
        }
    }

    [Test]
    public async Task NamesThatWouldBeOptionsOrPathsAreNotTaken()
    {
        var store = new BackendStore(_home, new NpmClient(executable: null));
        foreach (BackendSpec odd in (BackendSpec[])
            [Spec with { Build = "../b1" }, Spec with { Engine = "" }, Spec with { Packages = [new BackendPackage("--registry", "1.0.0")] }, Spec with { Packages = [new BackendPackage("a", "latest tag")] }])
        {
            await Assert.ThrowsAsync<ArgumentException>(() => store.InstallAsync(odd));
        }
    }

    [Test]
    public void TheHomeIsTheOneNamedOrThePlatformsCache()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(HarnessHome.Locate(name => name == "HARNESS_HOME" ? _home : null), Is.EqualTo(_home));
            if (OperatingSystem.IsLinux())
            {
                Assert.That(HarnessHome.Locate(name => name == "XDG_CACHE_HOME" ? "/cache" : null), Is.EqualTo("/cache/harness"));
                Assert.That(HarnessHome.Locate(name => name == "XDG_CACHE_HOME" ? "relative" : null), Does.EndWith("/.cache/harness"));
            }
        }
    }

    private BackendStore Store(FakeNpm npm) => new(_home, new NpmClient(npm.Executable));

    private async Task<BackendException> Refused(FakeNpm npm)
    {
        BackendException e = (await Assert.ThrowsAsync<BackendException>(() => Store(npm).InstallAsync(Spec)))!;
        Assert.That(Store(npm).List(), Is.Empty);
        return e;
    }
}
