using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class HostileHubTests : HubFixture
{
    [TestCase("../evil-q4_0.gguf")]
    [TestCase("a/../../evil-q4_0.gguf")]
    [TestCase("/etc/evil-q4_0.gguf")]
    [TestCase("..\\evil-q4_0.gguf")]
    [TestCase("C:\\evil-q4_0.gguf")]
    [TestCase("C:evil-q4_0.gguf")]
    [TestCase("a\0-q4_0.gguf")]
    [TestCase("a//evil-q4_0.gguf")]
    [TestCase("a/./evil-q4_0.gguf")]
    [TestCase("evil\n-q4_0.gguf")]
    [TestCase("con/evil-q4_0.gguf")]
    [TestCase("dir./evil-q4_0.gguf")]
    public async Task A_path_that_leads_out_of_the_cache_is_refused_and_nothing_is_written(string path)
    {
        Put("good-q8_0.gguf", 10);
        Loopback hub = await StartAsync();
        hub.ForgedEntries.Add((path, 10));
        HubClient client = Client(hub);

        HubException e = Failure(() => client.ResolveAsync(Repo, null, new FileQuery { Quant = "Q4_0" }));
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Protocol));
        Assert.That(e.What, Does.Contain("will not be written"));
        Assert.That((await client.ResolveAsync(Repo, null, new FileQuery { Quant = "Q8_0" })).Single().Size, Is.EqualTo(10), "the others are usable");

        // Nor does a resolved file that was made by hand get past the download.
        ResolvedFile forged = await OneAsync(client, "good-q8_0.gguf") with { Path = path };
        Assert.That(Failure(() => client.DownloadAsync(forged)).Failure, Is.EqualTo(HubFailure.Protocol));
        Assert.That(Directory.Exists(Path.Combine(CacheDirectory, "models--acme--tiny-GGUF", "snapshots")), Is.False);
    }

    [Test]
    public void Safe_paths_stay_below_their_directory_and_unsafe_ones_are_seen()
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "root"));
        string[] parts = ["a", "..", ".", "", "b.gguf", "..a", "a..", "NUL", "nul.txt", "c:", "x\\y", "\u202e", "é", " ", "...", "\0", "~", "-"];
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            string path = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => parts[random.Next(parts.Length)]));
            if (HubNames.UnsafeReason(path) is not null)
                continue;
            string full = Path.GetFullPath(Path.Combine(root, Path.Combine(path.Split('/'))));
            Assert.That(full, Does.StartWith(root + Path.DirectorySeparatorChar), path);
            Assert.That(Path.GetRelativePath(root, full).Replace('\\', '/'), Is.EqualTo(path));
        }
    }

    [TestCase("../x/y")]
    [TestCase("a/b/c")]
    [TestCase("a/..")]
    [TestCase("")]
    [TestCase("a b/c")]
    [TestCase("a--b/c")]
    [TestCase("a/b?x=y")]
    [TestCase("a/b%2f..")]
    public void A_repository_name_that_is_none_is_a_usage_error(string repo)
    {
        using var client = new HubClient(Options(new Uri("http://127.0.0.1:1")));
        Assert.That(Failure(() => client.ListFilesAsync(repo)).Failure, Is.EqualTo(HubFailure.Usage));
    }

    [TestCase("../../x")]
    [TestCase("/x")]
    [TestCase("a\0b")]
    public void A_revision_that_would_leave_refs_is_a_usage_error(string revision)
    {
        using var client = new HubClient(Options(new Uri("http://127.0.0.1:1")));
        Assert.That(Failure(() => client.ListFilesAsync("a/b", revision)).Failure, Is.EqualTo(HubFailure.Usage));
    }

    [TestCase("/loop")]
    [TestCase("file:///etc/passwd")]
    [TestCase("ftp://127.0.0.1/x")]
    public async Task Redirects_that_lead_nowhere_end(string location)
    {
        Put("m-q8_0.gguf", 10);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, "m-q8_0.gguf");
        hub.Faults.Add(new Fault(FaultKind.Redirect) { Location = location });

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.AnyOf(HubFailure.Protocol, HubFailure.NotFound));
        Assert.That(Failure(() => client.ListFilesAsync(Repo)).Failure, Is.AnyOf(HubFailure.Protocol, HubFailure.NotFound));
        Assert.That(hub.Log, Has.Count.LessThan(40));
    }

    [TestCase(100)]
    [TestCase(70_000_000)]
    public async Task An_answer_that_is_no_json_or_has_no_end_is_a_protocol_error(int length)
    {
        Put("m-q8_0.gguf", 10);
        Loopback hub = await StartAsync();
        hub.Faults.Add(new Fault(FaultKind.Garbage) { Bytes = length });

        HubException e = Failure(() => Client(hub).ListFilesAsync(Repo));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Protocol));
        Assert.That(e.Advice, Does.Contain("HF_ENDPOINT"));
    }

    [Test]
    public async Task A_size_that_the_hub_lies_about_is_a_mismatch_before_much_is_written()
    {
        Put("m-q8_0.gguf", 10_000);
        Loopback hub = await StartAsync();
        hub.Faults.Add(new Fault(FaultKind.WrongLinkedSize) { Method = "HEAD", Bytes = 20_000 });
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, "m-q8_0.gguf");

        Assert.That(file.Size, Is.EqualTo(20_000));
        HubException e = Failure(() => client.DownloadAsync(file));
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(e.What, Does.Contain("10000").And.Contain("20000"));
    }

    [Test]
    public async Task A_negative_size_in_a_listing_is_a_protocol_error()
    {
        Put("m-q8_0.gguf", 10);
        Loopback hub = await StartAsync();
        hub.ForgedEntries.Add(("x.gguf", -1));

        Assert.That(Failure(() => Client(hub).ListFilesAsync(Repo)).Failure, Is.EqualTo(HubFailure.Protocol));
    }
}
