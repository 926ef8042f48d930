using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>Listing, verifying, removing and pruning what the cache holds.</summary>
public sealed class CacheCareTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";

    private string RepoDirectory => Path.Combine(CacheDirectory, "models--acme--tiny-GGUF");

    private HubClient Remembering(Loopback hub, Func<HubOptions, HubOptions>? change = null)
    {
        HubOptions Change(HubOptions o) => o with { VerifiedDirectory = Path.Combine(Temp, "verified") };
        return Client(hub, o => change is null ? Change(o) : change(Change(o)));
    }

    private async Task<(HubClient Client, ResolvedFile Main, ResolvedFile Older)> TwoRevisionsAsync(bool symlinks = true)
    {
        byte[] shared = Put(Model, 50_000);
        Put(Model, shared, Repo + "@v1");
        Put("config.json", 100);
        Put("config.json", 120, Repo + "@v1");
        HubClient client = Remembering(await StartAsync(), o => o with { DisableSymlinks = !symlinks });
        foreach (string? revision in (string?[])[null, "v1"])
            await client.DownloadAsync([await OneAsync(client, Model, revision: revision), await OneAsync(client, "config.json", revision: revision)]);
        return (client, await OneAsync(client, Model), await OneAsync(client, Model, revision: "v1"));
    }

    [Test]
    public async Task A_listing_tells_revisions_files_sizes_and_what_was_verified()
    {
        (HubClient client, ResolvedFile main, ResolvedFile older) = await TwoRevisionsAsync();

        CachedRepo repo = client.ListCached().Single();

        Assert.That(repo.Repo, Is.EqualTo(Repo));
        Assert.That(repo.Size, Is.EqualTo(50_000 + 100 + 120), "a shared blob counts once");
        Assert.That(repo.Revisions.Select(r => (r.Commit, string.Join(' ', r.Refs))), Is.EquivalentTo(new[] { (main.Commit, "main"), (older.Commit, "v1") }));
        foreach (CachedRevision revision in repo.Revisions)
        {
            Assert.That(revision.Files.Select(f => f.Path), Is.EqualTo(new[] { "config.json", Model }));
            Assert.That(revision.Files[1].Hash, Is.EqualTo(main.Sha256));
            Assert.That(revision.Files.Select(f => f.VerifiedAt), Has.None.Null, "they were hashed when they came");
            Assert.That(revision.LastUsed, Is.EqualTo(DateTime.UtcNow).Within(TimeSpan.FromMinutes(5)));
        }
    }

    [Test]
    public async Task A_file_that_was_changed_is_not_called_verified_any_more()
    {
        (HubClient client, ResolvedFile main, _) = await TwoRevisionsAsync();
        string path = client.FindCached(main)!;
        byte[] bytes = File.ReadAllBytes(path);
        bytes[9] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(HubCache.ContentOf(path)!.FullName, DateTime.UtcNow.AddSeconds(3));

        Assert.That(client.ListCached().Single().Revisions[0].Files[1].VerifiedAt, Is.Null);

        IReadOnlyList<CacheFinding> findings = await client.VerifyCachedAsync(client.ListCached().Single());
        CacheFinding[] wrong = [.. findings.Where(f => f.Kind != CacheFindingKind.Right)];
        Assert.That(wrong.Select(f => (f.File.Path, f.Kind)), Is.EqualTo(new[] { (Model, CacheFindingKind.Wrong), (Model, CacheFindingKind.Wrong) }), "both revisions show it");
        Assert.That((wrong[0].HashName, wrong[0].Expected), Is.EqualTo(("sha256", main.Sha256)));
        Assert.That(wrong[0].Got, Does.Match("^[0-9a-f]{64}$").And.Not.EqualTo(main.Sha256));
        Assert.That(wrong[0].Remedy, Is.EqualTo($"harness models download {Repo} --file '{Model}' --revision {wrong[0].Commit} --force"));
    }

    [Test]
    public async Task Verifying_hashes_small_files_by_gits_rule_and_does_not_count_as_use()
    {
        (HubClient client, _, _) = await TwoRevisionsAsync();
        CachedFile config = client.ListCached().Single().Revisions[0].Files[0];
        File.SetLastAccessTimeUtc(config.BlobPath, DateTime.UtcNow.AddDays(-40));
        File.SetLastWriteTimeUtc(config.BlobPath, DateTime.UtcNow.AddDays(-50));

        IReadOnlyList<CacheFinding> findings = await client.VerifyCachedAsync(client.ListCached().Single());

        Assert.That(findings.Select(f => f.Kind), Has.All.EqualTo(CacheFindingKind.Right));
        Assert.That(findings.Where(f => f.File.Path == "config.json").Select(f => f.HashName), Has.All.EqualTo("git sha1"));
        CachedFile after = client.ListCached().Single().Revisions.SelectMany(r => r.Files).Single(f => f.BlobPath == config.BlobPath);
        Assert.That(after.LastUsed, Is.EqualTo(DateTime.UtcNow.AddDays(-40)).Within(TimeSpan.FromHours(1)));
        Assert.That(after.VerifiedAt, Is.Not.Null);
    }

    [Test]
    public async Task Without_links_the_hub_is_asked_and_offline_the_file_is_unknown_not_right()
    {
        (HubClient client, ResolvedFile main, _) = await TwoRevisionsAsync(symlinks: false);
        File.WriteAllBytes(client.FindCached(main)!, new byte[50_000]);

        CacheFinding[] online = [.. await client.VerifyCachedAsync(client.ListCached().Single())];
        Assert.That(online.Count(f => f.Kind == CacheFindingKind.Right), Is.EqualTo(3));
        Assert.That(online.Single(f => f.Kind == CacheFindingKind.Wrong).Expected, Is.EqualTo(main.Sha256));

        HubClient offline = Client(await StartAsync(), o => o with { Offline = true, DisableSymlinks = true });
        CacheFinding[] findings = [.. await offline.VerifyCachedAsync(offline.ListCached().Single())];
        Assert.That(findings.Select(f => f.Kind), Has.All.EqualTo(CacheFindingKind.Unknown));
        Assert.That(findings[0].Reason, Does.Contain("offline"));
    }

    [Test]
    public async Task A_link_that_leads_nowhere_is_listed_and_found()
    {
        (HubClient client, ResolvedFile main, _) = await TwoRevisionsAsync();
        File.Delete(Path.Combine(RepoDirectory, "blobs", main.Sha256!));

        CachedFile file = client.ListCached().Single().Revisions[0].Files[1];
        Assert.That((file.IsBroken, file.Size), Is.EqualTo((true, 0L)));
        Assert.That((await client.VerifyCachedAsync(client.ListCached().Single())).Count(f => f.Kind == CacheFindingKind.Broken), Is.EqualTo(2));
        Assert.That((await client.DownloadAsync(main)).FromCache, Is.False, "and a download mends it");
    }

    [Test]
    public async Task Removing_a_revision_keeps_what_another_shows_and_frees_the_rest()
    {
        (HubClient client, ResolvedFile main, ResolvedFile older) = await TwoRevisionsAsync();

        CacheRemoval removal = client.PlanRemoval(Repo, "v1");
        Assert.That((removal.Bytes, removal.Whole), Is.EqualTo((120L, false)));
        Assert.That(client.Remove(removal), Is.EqualTo(120));

        CachedRepo left = client.ListCached().Single();
        Assert.That(left.Revisions.Single().Commit, Is.EqualTo(main.Commit));
        Assert.That(left.Size, Is.EqualTo(50_100));
        Assert.That(File.Exists(Path.Combine(RepoDirectory, "refs", "v1")), Is.False);
        Assert.That((await client.DownloadAsync(main)).FromCache);
        Assert.That(client.FindCached(older), Is.Null);
    }

    [Test]
    public async Task Removing_all_leaves_nothing_of_it([Values] bool symlinks)
    {
        (HubClient client, _, _) = await TwoRevisionsAsync(symlinks);
        long size = client.ListCached().Single().Size;

        Assert.That(client.Remove(client.PlanRemoval(Repo, null)), Is.EqualTo(size));

        Assert.That(client.ListCached(), Is.Empty);
        Assert.That(Directory.EnumerateFileSystemEntries(CacheDirectory, "*acme*", SearchOption.AllDirectories), Is.Empty);
    }

    [TestCase("v2", HubFailure.NotFound)]
    [TestCase("", HubFailure.NotFound)]
    public async Task What_is_not_there_cannot_be_removed_and_what_is_is_told(string revision, HubFailure failure)
    {
        (HubClient client, ResolvedFile main, _) = await TwoRevisionsAsync();
        HubException e = Failure(() => Task.FromResult(client.PlanRemoval(Repo, revision)));
        Assert.That(e.Failure, Is.EqualTo(failure));
        Assert.That(e.Advice, Does.Contain(main.Commit).And.Contain("v1"));
        Assert.That(Failure(() => Task.FromResult(client.PlanRemoval("acme/nothing", null))).Advice, Does.Contain(Repo));
    }

    [Test]
    public async Task A_revision_can_be_named_by_the_beginning_of_its_commit()
    {
        (HubClient client, _, ResolvedFile older) = await TwoRevisionsAsync();
        Assert.That(client.PlanRemoval(Repo, older.Commit[..8]).Revisions.Single().Commit, Is.EqualTo(older.Commit));
    }

    [Test]
    public async Task Pruning_takes_unfinished_downloads_orphans_and_unnamed_snapshots_and_nothing_else()
    {
        (HubClient client, ResolvedFile main, ResolvedFile older) = await TwoRevisionsAsync();
        string blobs = Path.Combine(RepoDirectory, "blobs");
        Assert.That(client.PlanPruning(), Is.Empty, "all of this has a name");
        File.WriteAllBytes(Path.Combine(blobs, new string('e', 64) + ".incomplete"), new byte[300]);
        File.WriteAllBytes(Path.Combine(blobs, new string('f', 64)), new byte[40]);
        File.Delete(Path.Combine(RepoDirectory, "refs", "v1"));

        CacheRemoval removal = client.PlanPruning().Single();

        Assert.That(removal.Bytes, Is.EqualTo(300 + 40 + 120));
        Assert.That(removal.Revisions.Single().Commit, Is.EqualTo(older.Commit));
        Assert.That(client.ListCached().Single().Size, Is.EqualTo(50_100 + 120 + 340), "planning removes nothing");
        Assert.That(client.Remove(removal), Is.EqualTo(460));
        Assert.That(client.ListCached().Single().Size, Is.EqualTo(50_100));
        Assert.That((await client.DownloadAsync(main)).FromCache);
        Assert.That(client.PlanPruning(), Is.Empty);
    }

    [Test]
    public async Task What_is_being_downloaded_is_not_removed_under_the_download()
    {
        (HubClient client, ResolvedFile main, _) = await TwoRevisionsAsync();
        string path = Path.Combine(CacheDirectory, ".locks", "models--acme--tiny-GGUF", main.Etag + ".lock");
        using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            HubException e = Failure(() => Task.FromResult(client.Remove(client.PlanRemoval(Repo, null))));
            Assert.That(e.Failure, Is.EqualTo(HubFailure.Unavailable));
            Assert.That(client.FindCached(main), Is.Not.Null);
        }

        client.Remove(client.PlanRemoval(Repo, null));
        Assert.That(client.ListCached(), Is.Empty);
    }

    [Test]
    public void Foreign_things_in_the_cache_directory_are_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(CacheDirectory, "datasets--a--b", "blobs"));
        Directory.CreateDirectory(Path.Combine(CacheDirectory, "models--empty--one"));
        File.WriteAllText(Path.Combine(CacheDirectory, "CACHEDIR.TAG"), "x");
        using var client = new HubClient(Options(new Uri("http://127.0.0.1:1")));
        Assert.That(client.ListCached(), Is.Empty);
        Assert.That(client.PlanPruning(), Is.Empty);
    }
}
