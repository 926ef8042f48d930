using System.Security.Cryptography;
using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class ResolveTests : HubFixture
{
    [Test]
    public async Task A_listing_follows_all_pages_and_knows_sizes_and_hashes_before_any_download()
    {
        byte[] model = Put("tiny-q4_k_m.gguf", 1000);
        for (int i = 0; i < 25; i++)
            Put($"docs/page {i:D2} #ü%.md", i);
        Loopback hub = await StartAsync(o => o with { PageSize = 4 });

        RepoListing listing = await Client(hub).ListFilesAsync(Repo);

        Assert.That(listing.Files, Has.Count.EqualTo(26));
        Assert.That(listing.Commit, Does.Match("^[0-9a-f]{40}$"));
        RepoFile file = listing.Files.Single(f => f.Path == "tiny-q4_k_m.gguf");
        Assert.That(file.Size, Is.EqualTo(1000));
        Assert.That(file.Sha256, Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(model))));
        Assert.That(hub.Log.Count(r => r.Path.Contains("/tree/")), Is.GreaterThan(6));
        Assert.That(hub.Log.Sum(r => r.Sent), Is.Zero, "no content was sent");
    }

    [Test]
    public async Task One_file_takes_one_head_request_and_is_the_same_file_as_the_listing_says([Values("tiny-q8_0.gguf", "README.md", "sub dir/notes #1.txt")] string path)
    {
        Put("tiny-q8_0.gguf", 5000);
        Put("README.md", 70);
        Put("sub dir/notes #1.txt", 9);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);

        ResolvedFile file = await OneAsync(client, path);

        Assert.That(hub.Log.Any(r => r.Path.StartsWith("/api/models/")), Is.False);
        RepoListing listing = await client.ListFilesAsync(Repo);
        RepoFile listed = listing.Files.Single(f => f.Path == path);
        Assert.That((file.Commit, file.Size, file.Sha256, file.Etag), Is.EqualTo((listing.Commit, listed.Size, listed.Sha256, listed.Sha256 ?? listed.GitSha1)));
    }

    [Test]
    public async Task Branches_tags_and_commits_name_their_own_contents()
    {
        byte[] newest = Put("m-q8_0.gguf", 100);
        byte[] older = Put("m-q8_0.gguf", 60, Repo + "@refs_pr_1");
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);

        ResolvedFile main = await OneAsync(client, "m-q8_0.gguf");
        ResolvedFile branch = await OneAsync(client, "m-q8_0.gguf", revision: "refs/pr/1");
        ResolvedFile commit = await OneAsync(client, "m-q8_0.gguf", revision: branch.Commit);

        Assert.That(main.Commit, Is.Not.EqualTo(branch.Commit));
        Assert.That(commit.Commit, Is.EqualTo(branch.Commit));
        Assert.That(File.ReadAllBytes((await client.DownloadAsync(main)).LocalPath), Is.EqualTo(newest));
        Assert.That(File.ReadAllBytes((await client.DownloadAsync(commit)).LocalPath), Is.EqualTo(older));

        // A branch is remembered with what was downloaded of it.
        Assert.That(File.ReadAllBytes((await client.DownloadAsync(branch)).LocalPath), Is.EqualTo(older));
        Assert.That(File.ReadAllText(Path.Combine(CacheDirectory, "models--acme--tiny-GGUF", "refs", "refs", "pr", "1")), Is.EqualTo(branch.Commit));
    }

    [Test]
    public async Task A_renamed_repository_is_followed()
    {
        Put("m-q8_0.gguf", 100);
        Loopback hub = await StartAsync(o => o with { Renamed = new Dictionary<string, string> { ["old/name"] = Repo } });
        HubClient client = Client(hub);

        ResolvedFile file = await OneAsync(client, "m-q8_0.gguf", "old/name");

        Assert.That((await client.DownloadAsync(file)).Verified);
        Assert.That((await client.ListFilesAsync("old/name")).Commit, Is.EqualTo(file.Commit));
    }

    [Test]
    public async Task A_shard_set_resolves_to_all_its_shards_in_order()
    {
        for (int i = 3; i >= 1; i--)
            Put($"Q8_0/big-{i:D5}-of-00003.gguf", 100 + i);
        Put("big-Q4_K_M.gguf", 10);
        HubClient client = Client(await StartAsync());

        IReadOnlyList<ResolvedFile> byQuant = await client.ResolveAsync(Repo, null, new FileQuery { Quant = "q8_0" });
        IReadOnlyList<ResolvedFile> byShard = await client.ResolveAsync(Repo, null, new FileQuery { File = "Q8_0/big-00002-of-00003.gguf" });

        Assert.That(byQuant.Select(f => f.Size), Is.EqualTo(new[] { 101, 102, 103 }));
        Assert.That(byShard.Select(f => f.Path), Is.EqualTo(byQuant.Select(f => f.Path)));
    }

    [TestCase("acme/none", "main", "repository does not exist", HubFailure.NotFound)]
    [TestCase(Repo, "v9", "revision does not exist", HubFailure.NotFound)]
    public async Task What_does_not_exist_is_named(string repo, string revision, string what, HubFailure failure)
    {
        Put("m-q8_0.gguf", 100);
        HubClient client = Client(await StartAsync());

        HubException e = Failure(() => client.ResolveAsync(repo, revision, new FileQuery { Quant = "q8_0" }));
        HubException head = Failure(() => client.ResolveAsync(repo, revision, new FileQuery { File = "m-q8_0.gguf" }));

        Assert.That(e.Failure, Is.EqualTo(failure));
        Assert.That(e.What, Does.Contain(what));
        Assert.That(e.Where, Does.Contain(repo).And.Contain(revision));
        Assert.That(head.Message, Is.EqualTo(e.Message));
    }

    [Test]
    public async Task A_missing_file_is_answered_with_what_is_there()
    {
        Put("tiny-q4_k_m.gguf", 10);
        Put("tiny-q8_0.gguf", 10);
        HubClient client = Client(await StartAsync());

        HubException e = Failure(() => client.ResolveAsync(Repo, null, new FileQuery { File = "tiny-q4_k_n.gguf" }));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.NotFound));
        Assert.That(e.Advice, Does.StartWith("nearest: tiny-q4_k_m.gguf").And.Contain("tiny-q8_0.gguf"));
    }

    [Test]
    public async Task A_search_finds_repositories_over_all_pages_in_the_order_asked_for()
    {
        for (int i = 0; i < 9; i++)
            Put("m-q8_0.gguf", 10, $"acme/tiny-{i}");
        Put("m-q8_0.gguf", 10, "acme/other");
        Put("m.txt", 10, "acme/tiny-text");
        Loopback hub = await StartAsync(o => o with
        {
            PageSize = 4,
            Gated = ["acme/tiny-3"],
            Facts = Enumerable.Range(0, 9).ToDictionary(i => $"acme/tiny-{i}", i => new LoopbackFacts
            {
                Downloads = 100 - i,
                Likes = i,
                License = "mit",
                Parameters = 494_000_000,
                Architecture = "qwen2",
            }),
        });
        HubClient client = Client(hub);

        IReadOnlyList<RepoSummary> found = await client.SearchAsync(new ModelSearch("TINY"));

        Assert.That(found.Select(r => r.Repo), Is.EqualTo(Enumerable.Range(0, 9).Select(i => $"acme/tiny-{i}")));
        Assert.That(hub.Log.Count(r => r.Path == "/api/models"), Is.EqualTo(3), "page after page");
        RepoSummary gated = found[3];
        Assert.That(
            (gated.Downloads, gated.Likes, gated.Gated, gated.License, gated.Parameters, gated.Architecture, gated.Modified),
            Is.EqualTo((97L, 3L, true, "mit", (long?)494_000_000, "qwen2", (DateTime?)new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc))));
        Assert.That((await client.SearchAsync(new ModelSearch("tiny") { Sort = ModelSort.Likes, Limit = 2 })).Select(r => r.Repo), Is.EqualTo(new[] { "acme/tiny-8", "acme/tiny-7" }));
        Assert.That(await client.SearchAsync(new ModelSearch("tiny") { Author = "nobody" }), Is.Empty);
        Assert.That((await client.SearchAsync(new ModelSearch("text") { GgufOnly = false })).Select(r => r.Repo), Is.EqualTo(new[] { "acme/tiny-text" }));
    }

    [Test]
    public async Task A_repository_is_described_under_the_name_it_has_now()
    {
        Put("m-q8_0.gguf", 100);
        HubClient client = Client(await StartAsync(o => o with { Renamed = new Dictionary<string, string> { ["old/name"] = Repo }, Gated = [Repo] }));

        RepoSummary summary = await client.DescribeAsync("old/name");

        Assert.That((summary.Repo, summary.Gated, summary.Commit), Is.EqualTo((Repo, true, (await client.ListFilesAsync(Repo)).Commit)));
    }

    [Test]
    public async Task A_mirror_may_have_a_path_and_a_server_without_answers_is_unavailable()
    {
        Put("m-q8_0.gguf", 10);
        Loopback hub = await StartAsync();
        Uri endpoint = hub.Endpoint;
        await hub.DisposeAsync();
        HubClient client = Client(hub, o => o with { Endpoint = new Uri(endpoint, "mirror/") });

        HubException e = Failure(() => client.ListFilesAsync(Repo));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Unavailable));
        Assert.That(e.Message, Does.Contain("cannot connect").And.Contain("/mirror/api/models/").And.Contain("HF_ENDPOINT"));
    }
}
