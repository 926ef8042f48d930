using System.Security.Cryptography;
using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class DownloadTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";

    private static Fault OnStorage(FaultKind kind, long bytes = 0, int times = 1) =>
        new(kind) { Storage = true, Method = "GET", Bytes = bytes, Times = times };

    [Test]
    public async Task A_download_lies_in_the_standard_cache_layout_and_is_verified()
    {
        byte[] model = Put("sub/" + Model, 3_000_000);
        byte[] readme = Put("README.md", 5000);
        HubClient client = Client(await StartAsync());
        ResolvedFile[] files = [await OneAsync(client, "sub/" + Model), await OneAsync(client, "README.md")];

        IReadOnlyList<DownloadedFile> got = await client.DownloadAsync(files);

        Assert.That(got.Select(d => (d.Verified, d.FromCache, d.BytesFetched)), Is.EqualTo(new[] { (true, false, 3_000_000L), (true, false, 5000L) }));
        string repo = Path.Combine(CacheDirectory, "models--acme--tiny-GGUF");
        string pointer = Path.Combine(repo, "snapshots", files[0].Commit, "sub", Model);
        Assert.That(got[0].LocalPath, Is.EqualTo(pointer));
        Assert.That(File.ReadAllBytes(pointer), Is.EqualTo(model));
        Assert.That(File.ReadAllBytes(got[1].LocalPath), Is.EqualTo(readme));
        string blob = Convert.ToHexStringLower(SHA256.HashData(model));
        Assert.That(File.Exists(Path.Combine(repo, "blobs", blob)));
        if (!OperatingSystem.IsWindows())
            Assert.That(new FileInfo(pointer).LinkTarget, Is.EqualTo(Path.Combine("..", "..", "..", "blobs", blob)));
        Assert.That(File.ReadAllText(Path.Combine(repo, "refs", "main")), Is.EqualTo(files[0].Commit));
        Assert.That(Directory.GetFiles(Path.Combine(repo, "blobs"), "*.incomplete"), Is.Empty);
    }

    [Test]
    public async Task A_second_download_and_a_pinned_commit_need_no_network()
    {
        Put(Model, 1000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        await client.DownloadAsync(file);
        int before = hub.Log.Count;

        DownloadedFile again = await client.DownloadAsync(file);
        ResolvedFile pinned = await OneAsync(client, Model, revision: file.Commit);
        DownloadedFile byCommit = await client.DownloadAsync(pinned, new DownloadOptions { VerifyCached = true });

        Assert.That(hub.Log, Has.Count.EqualTo(before));
        Assert.That((again.FromCache, again.Verified), Is.EqualTo((true, false)));
        Assert.That((byCommit.FromCache, byCommit.Verified), Is.EqualTo((true, true)));
        Assert.That(pinned.Sha256, Is.EqualTo(file.Sha256));
    }

    [Test]
    public async Task An_interrupted_download_goes_on_by_range_and_still_verifies()
    {
        byte[] model = Put(Model, 2_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model[..700_000]);

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That(got.BytesFetched, Is.EqualTo(1_300_000));
        Assert.That(hub.Log.Single(r => r.Storage).Range, Is.EqualTo("bytes=700000-"));
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
    }

    [TestCase(FaultKind.Drop)]
    [TestCase(FaultKind.Stall)]
    [TestCase(FaultKind.EndEarly)]
    public async Task Broken_silent_and_short_connections_are_resumed(FaultKind kind)
    {
        byte[] model = Put(Model, 2_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(OnStorage(kind, 300_000, times: 4));

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
        string?[] ranges = [.. hub.Log.Where(r => r.Storage).Select(r => r.Range)];
        Assert.That(ranges.Count(r => r is not null), Is.GreaterThanOrEqualTo(4), "each try goes on where the last one stopped");
        Assert.That(got.BytesFetched, Is.EqualTo(2_000_000), "no byte came twice");
    }

    [Test]
    public async Task A_server_that_ignores_ranges_is_read_from_the_start()
    {
        byte[] model = Put(Model, 1_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), new byte[400_000]);
        hub.Faults.Add(OnStorage(FaultKind.IgnoreRange));

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
        Assert.That(got.BytesFetched, Is.EqualTo(1_000_000));
    }

    [Test]
    public async Task A_complete_but_unnamed_download_is_only_verified()
    {
        byte[] model = Put(Model, 500_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model);

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That((got.Verified, got.BytesFetched), Is.EqualTo((true, 0L)));
        Assert.That(hub.Log.Any(r => r.Storage), Is.False);
    }

    [Test]
    public async Task A_part_that_is_too_long_is_thrown_away()
    {
        byte[] model = Put(Model, 5000);
        HubClient client = Client(await StartAsync());
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), new byte[6000]);

        Assert.That(File.ReadAllBytes((await client.DownloadAsync(file)).LocalPath), Is.EqualTo(model));
    }

    [TestCase(Model)]
    [TestCase("README.md")]
    public async Task A_flipped_byte_from_the_server_is_caught_named_and_removed(string path)
    {
        byte[] bytes = Put(path, 100_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, path);
        hub.Faults.Add(new Fault(FaultKind.FlipByte) { Bytes = 77_777, Times = 2, Method = "GET" });
        byte[] wrong = [.. bytes];
        wrong[77_777] ^= 1;

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(e.Where, Does.Contain($"{Repo}/{path}"));
        Assert.That(e.What, Does.Contain(file.Etag!));
        if (file.Sha256 is not null)
            Assert.That(e.What, Does.Contain(Convert.ToHexStringLower(SHA256.HashData(wrong))));
        Assert.That(Directory.EnumerateFiles(CacheDirectory, "*", SearchOption.AllDirectories).Where(f => new FileInfo(f).Length == 100_000), Is.Empty, "the bad bytes are gone");

        hub.Faults.Clear();
        Assert.That(File.ReadAllBytes((await client.DownloadAsync(file)).LocalPath), Is.EqualTo(bytes), "the next try is clean");
    }

    [Test]
    public async Task A_flipped_byte_in_the_part_that_is_resumed_is_caught()
    {
        byte[] model = Put(Model, 100_000);
        HubClient client = Client(await StartAsync());
        ResolvedFile file = await OneAsync(client, Model);
        model[123] ^= 0x80;
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model[..50_000]);

        Assert.That(Failure(() => client.DownloadAsync(file)).Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(File.Exists(Incomplete(file)), Is.False);
        Assert.That((await client.DownloadAsync(file)).Verified);
    }

    [Test]
    public async Task Content_that_is_not_as_long_as_promised_is_a_mismatch(
        [Values(FaultKind.Shorter, FaultKind.Longer)] FaultKind kind, [Values(0, 60_000, 99_995)] int there)
    {
        byte[] model = Put(Model, 100_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model[..there]);
        hub.Faults.Add(OnStorage(kind, 10));

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(e.What, Does.Contain("100000").And.Contain(kind == FaultKind.Shorter ? "99990" : "100010"));
        if (kind == FaultKind.Shorter && there == 99_995)
            Assert.That(hub.Log[^1].Status, Is.EqualTo(416), "the range lay behind the end");
    }

    [Test]
    public async Task A_range_that_is_refused_for_no_reason_starts_over()
    {
        byte[] model = Put(Model, 100_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model[..1000]);
        hub.Faults.Add(OnStorage(FaultKind.Status) with { Status = 416 });

        DownloadedFile got = await client.DownloadAsync(file);

        Assert.That(got.BytesFetched, Is.EqualTo(100_000));
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
    }

    [TestCase("commit", "../../x")]
    [TestCase("sha256", "../../x")]
    public async Task A_pin_that_was_written_by_hand_is_checked(string field, string value)
    {
        Put(Model, 10);
        HubClient client = Client(await StartAsync());
        ResolvedFile file = await OneAsync(client, Model);

        HubException e = Failure(() => client.DownloadAsync(field == "commit" ? file with { Commit = value } : file with { Sha256 = value }));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Usage));
    }

    [Test]
    public async Task A_server_without_length_that_always_ends_early_is_a_mismatch()
    {
        Put(Model, 100_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(OnStorage(FaultKind.EndEarly, 0, times: 100));

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(e.What, Does.Contain("ended after 0 of the promised 100000"));
    }

    [Test]
    public async Task A_server_that_gives_a_byte_a_try_does_not_keep_the_client_for_ever()
    {
        Put(Model, 1_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(OnStorage(FaultKind.Drop, 1, times: int.MaxValue));

        Assert.That(Failure(() => client.DownloadAsync(file)).Failure, Is.EqualTo(HubFailure.Unavailable));
        Assert.That(hub.Log.Count(r => r.Storage), Is.EqualTo(5));
    }

    [Test]
    public async Task A_range_that_was_not_asked_for_is_refused()
    {
        byte[] model = Put(Model, 100_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.WriteAllBytes(Incomplete(file), model[..1000]);
        hub.Faults.Add(OnStorage(FaultKind.WrongRange));

        Assert.That(Failure(() => client.DownloadAsync(file)).Failure, Is.EqualTo(HubFailure.Protocol));
    }

    [Test]
    public async Task Empty_files_arrive_too()
    {
        Put("empty.txt", 0);
        HubClient client = Client(await StartAsync());

        DownloadedFile got = await client.DownloadAsync(await OneAsync(client, "empty.txt"));

        Assert.That(File.ReadAllBytes(got.LocalPath), Is.Empty);
        Assert.That(got.Verified);
    }

    [Test]
    public async Task A_full_disk_is_seen_before_the_first_byte()
    {
        byte[] model = Put(Model, 10 << 20);
        Put("b-q8_0.gguf", 10 << 20);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub, freeSpace: _ => 15 << 20);
        ResolvedFile[] files = [await OneAsync(client, Model), await OneAsync(client, "b-q8_0.gguf")];

        HubException e = Failure(() => client.DownloadAsync(files));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Disk));
        Assert.That(e.What, Does.Contain("needed 20.0 MiB").And.Contain("free 15.0 MiB"));
        Assert.That(e.Where, Does.Contain(CacheDirectory));
        Assert.That(hub.Log.Any(r => r.Storage), Is.False);

        // What is there already of an interrupted download needs no room again.
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(files[0]))!);
        File.WriteAllBytes(Incomplete(files[0]), model[..(6 << 20)]);
        Assert.That(await client.DownloadAsync(files), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Sizes_that_would_overflow_are_just_too_large()
    {
        Put(Model, 10);
        Loopback hub = await StartAsync();
        hub.ForgedEntries.Add(("a-q4_0.gguf", long.MaxValue));
        hub.ForgedEntries.Add(("b-q4_0.gguf", long.MaxValue));
        HubClient client = Client(hub);
        ResolvedFile[] files =
        [
            (await client.ResolveAsync(Repo, null, new FileQuery { File = "a*.gguf" })).Single(),
            (await client.ResolveAsync(Repo, null, new FileQuery { File = "b*.gguf" })).Single(),
        ];

        Assert.That(Failure(() => client.DownloadAsync(files)).Failure, Is.EqualTo(HubFailure.Disk));
    }

    [Test]
    public async Task Several_files_come_at_once_within_the_bound_and_report_progress()
    {
        for (int i = 1; i <= 6; i++)
            Put($"big-{i:D5}-of-00006.gguf", 40_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 100_000 });
        HubClient client = Client(hub, o => o with { Parallelism = 6 });
        IReadOnlyList<ResolvedFile> files = await client.ResolveAsync(Repo, null, new FileQuery());
        var last = new System.Collections.Concurrent.ConcurrentDictionary<string, HubProgress>();

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await client.DownloadAsync(files, new DownloadOptions { Progress = new Direct(p => last[p.Path] = p) });

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1.8)), "one after another would take 2.4 s");
        Assert.That(last.Values.Select(p => (p.Done, p.Total)), Has.All.EqualTo((40_000L, 40_000L)));
        Assert.That(last, Has.Count.EqualTo(6));
    }

    [Test]
    public async Task One_bad_file_ends_the_others_and_is_the_one_reported()
    {
        Put("a-q8_0.gguf", 100_000);
        Put("b-q8_0.gguf", 200_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 100_000 });
        HubClient client = Client(hub);
        ResolvedFile[] files = [await OneAsync(client, "a-q8_0.gguf"), await OneAsync(client, "b-q8_0.gguf")];
        hub.Faults.Add(new Fault(FaultKind.Longer) { Path = "b-q8_0", Storage = true, Bytes = 1 });

        HubException e = Failure(() => client.DownloadAsync(files));

        Assert.That(e.Where, Does.Contain("b-q8_0.gguf"));
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Mismatch));
    }

    [Test]
    public async Task A_cancelled_download_keeps_what_it_has()
    {
        byte[] model = Put(Model, 200_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 200_000 });
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        using var cancel = new CancellationTokenSource();

        Assert.That(
            () => client.DownloadAsync(file, new DownloadOptions { Progress = new Direct(p => { if (p.Done >= 40_000) cancel.Cancel(); }) }, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());

        long there = new FileInfo(Incomplete(file)).Length;
        Assert.That(there, Is.InRange(40_000, 199_999));
        DownloadedFile got = await client.DownloadAsync(file);
        Assert.That(got.BytesFetched, Is.EqualTo(200_000 - there));
        Assert.That(File.ReadAllBytes(got.LocalPath), Is.EqualTo(model));
    }

    private sealed class Direct(Action<HubProgress> act) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => act(value);
    }
}
