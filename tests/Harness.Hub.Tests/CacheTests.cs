using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class CacheTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";

    [Test]
    public async Task Offline_the_cache_answers_and_no_connection_is_opened()
    {
        byte[] model = Put(Model, 1000);
        Loopback hub = await StartAsync();
        HubClient online = Client(hub);
        ResolvedFile file = await OneAsync(online, Model);
        await online.DownloadAsync(file);
        int before = hub.Log.Count;
        HubClient client = Client(hub, o => o with { Offline = true });

        IReadOnlyList<ResolvedFile> found = await client.ResolveAsync(Repo, null, new FileQuery { Quant = "q8_0" });
        DownloadedFile got = await client.DownloadAsync(found[0], new DownloadOptions { VerifyCached = true });

        Assert.That((found[0].Commit, found[0].Sha256, found[0].Size), Is.EqualTo((file.Commit, file.Sha256, file.Size)));
        Assert.That(got.Verified);
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
        Assert.That(hub.Log, Has.Count.EqualTo(before));
    }

    [TestCase("acme/unknown", null)]
    [TestCase(Repo, "m-q4_0.gguf")]
    public async Task Offline_what_is_missing_is_named_with_how_to_get_it(string repo, string? file)
    {
        Put(Model, 1000);
        Loopback hub = await StartAsync();
        HubClient online = Client(hub);
        await online.DownloadAsync(await OneAsync(online, Model));
        HubClient client = Client(hub, o => o with { Offline = true });

        HubException e = Failure(() => client.ResolveAsync(repo, null, new FileQuery { File = file }));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Offline));
        Assert.That(e.Where, Does.Contain(repo));
        Assert.That(e.Advice, Does.Contain("harness models download " + repo));
    }

    [Test]
    public async Task Offline_a_known_file_that_is_not_cached_cannot_be_fetched_or_read()
    {
        Put(Model, 1000);
        Loopback hub = await StartAsync();
        ResolvedFile file = await OneAsync(Client(hub), Model);
        HubClient client = Client(hub, o => o with { Offline = true });

        Assert.That(Failure(() => client.DownloadAsync(file)).Failure, Is.EqualTo(HubFailure.Offline));
        Assert.That(() => client.OpenRead(file), Throws.InstanceOf<HubException>());
    }

    [Test]
    public async Task A_flipped_byte_in_the_cache_is_caught_and_named_and_force_repairs_it([Values] bool symlinks)
    {
        byte[] model = Put(Model, 10_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub, o => o with { DisableSymlinks = !symlinks });
        ResolvedFile file = await OneAsync(client, Model);
        DownloadedFile got = await client.DownloadAsync(file);
        using (FileStream stream = File.OpenWrite(got.LocalPath))
        {
            stream.Position = 5000;
            stream.WriteByte((byte)(model[5000] ^ 4));
        }

        HubException e = Failure(() => client.DownloadAsync(file, new DownloadOptions { VerifyCached = true }));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(e.Where, Does.Contain(got.LocalPath).And.Contain($"{Repo}/{Model}"));
        Assert.That(e.What, Does.Contain(file.Sha256!));
        Assert.That(e.Advice, Does.Contain($"harness models download {Repo} --file {Model}").And.Contain("--force"));

        DownloadedFile repaired = await client.DownloadAsync(file, new DownloadOptions { Force = true });
        Assert.That(File.ReadAllBytes(repaired.LocalPath), Is.EqualTo(model));
    }

    [Test]
    public async Task A_cached_file_of_the_wrong_size_is_fetched_again()
    {
        byte[] model = Put(Model, 10_000);
        HubClient client = Client(await StartAsync());
        ResolvedFile file = await OneAsync(client, Model);
        DownloadedFile got = await client.DownloadAsync(file);
        File.WriteAllBytes(got.LocalPath, model[..400]);

        DownloadedFile again = await client.DownloadAsync(file);

        Assert.That(again.FromCache, Is.False);
        Assert.That(File.ReadAllBytes(again.LocalPath), Is.EqualTo(model));
    }

    [Test]
    public async Task A_listing_leaves_no_trace_and_does_not_hide_what_is_cached_when_the_branch_goes_on()
    {
        byte[] first = Put(Model, 1000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        await client.ListFilesAsync(Repo);
        Assert.That(Directory.Exists(CacheDirectory), Is.False);
        await client.DownloadAsync(await OneAsync(client, Model));
        Put(Model, 1200);
        await client.ListFilesAsync(Repo);
        await OneAsync(client, Model);

        HubClient offline = Client(hub, o => o with { Offline = true });
        Assert.That(File.ReadAllBytes((await offline.DownloadAsync(await OneAsync(offline, Model))).LocalPath), Is.EqualTo(first));
    }

    [Test]
    public async Task Without_symbolic_links_the_file_itself_lies_in_the_snapshot()
    {
        byte[] model = Put("sub/" + Model, 1000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub, o => o with { DisableSymlinks = true });
        ResolvedFile file = await OneAsync(client, "sub/" + Model);

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That(new FileInfo(got.LocalPath).LinkTarget, Is.Null);
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
        Assert.That(Directory.GetFiles(Path.Combine(CacheDirectory, "models--acme--tiny-GGUF", "blobs")), Is.Empty);
        Assert.That((await client.DownloadAsync(file)).FromCache);

        HubClient offline = Client(hub, o => o with { Offline = true });
        ResolvedFile found = await OneAsync(offline, "sub/" + Model);
        Assert.That(found.Etag, Is.Null, "nothing on the disk tells the promised hash");
        Assert.That((await offline.DownloadAsync(found, new DownloadOptions { VerifyCached = true })).Verified, Is.False, "and so it is not called verified");
    }

    [Test]
    public async Task A_blob_that_two_commits_share_is_fetched_once()
    {
        byte[] model = Put(Model, 5000);
        Put(Model, model, Repo + "@v2");
        Put("README.md", 5, Repo + "@v2");
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        await client.DownloadAsync(await OneAsync(client, Model));

        ResolvedFile second = await OneAsync(client, Model, revision: "v2");
        DownloadedFile got = await client.DownloadAsync(second);

        Assert.That(got.FromCache);
        Assert.That(got.LocalPath, Does.Contain(second.Commit));
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
        Assert.That(hub.Log.Count(r => r.Storage), Is.EqualTo(1));
    }

    [Test]
    public async Task A_cache_that_cannot_be_written_is_a_disk_failure_that_names_it()
    {
        Put(Model, 5000);
        Directory.CreateDirectory(CacheDirectory);
        File.WriteAllText(Path.Combine(CacheDirectory, "models--acme--tiny-GGUF"), "in the way");
        HubClient client = Client(await StartAsync());

        ResolvedFile file = await OneAsync(client, Model);
        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Disk));
        Assert.That(e.Message, Does.Contain("models--acme--tiny-GGUF").And.Contain("HF_HUB_CACHE"));
    }

    [Test]
    public async Task Two_transfers_of_one_file_in_one_process_fetch_it_once()
    {
        byte[] model = Put(Model, 100_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 200_000 });
        HubClient first = Client(hub), second = Client(hub);
        ResolvedFile file = await OneAsync(first, Model);

        DownloadedFile[] got = await Task.WhenAll(first.DownloadAsync(file), second.DownloadAsync(file));

        Assert.That(got.Select(g => g.FromCache), Is.EquivalentTo(new[] { true, false }));
        Assert.That(hub.Log.Count(r => r.Storage), Is.EqualTo(1));
        Assert.That(File.ReadAllBytes(got[0].LocalPath), Is.EqualTo(model));
    }

    [Test]
    public async Task A_lock_whose_holder_does_nothing_does_not_hang_the_download()
    {
        Put(Model, 1000);
        HubClient client = Client(await StartAsync(), o => o with { StallTimeout = TimeSpan.FromMilliseconds(100) });
        ResolvedFile file = await OneAsync(client, Model);
        string path = Path.Combine(CacheDirectory, ".locks", "models--acme--tiny-GGUF", file.Etag + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Unavailable));
        Assert.That(e.Where, Is.EqualTo(path));
    }
}
