using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>
/// What can go wrong with a download, and how it ends: with verified bytes, or with an error that says which of the two
/// sides is at fault and what to do. Never with wrong bytes under the file's name, never with a hang. Each row is held
/// over one connection and over several parts.
/// </summary>
public sealed class FaultTableTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";
    private const int Size = 1_200_000;
    private const int PartSize = 128 << 10;
    private const string Token = "hf_tokentoken";

    private static readonly IReadOnlyDictionary<string, string> Soon = new Dictionary<string, string> { ["RateLimit"] = "\"api\";r=0;t=0" };
    private static readonly IReadOnlyDictionary<string, string> InAnHour = new Dictionary<string, string> { ["RateLimit"] = "\"api\";r=0;t=3600" };

    /// <summary>A row: what goes wrong, how it ends, and what the error says.</summary>
    /// <param name="Fault">In words.</param>
    /// <param name="Faults">The hub's.</param>
    /// <param name="Failure">The error's kind; null when the download ends verified.</param>
    /// <param name="Says">A part of the error.</param>
    public sealed record Row(string Fault, Fault[] Faults, HubFailure? Failure = null, string? Says = null)
    {
        public override string ToString() => $"{Fault} → {(Failure is null ? "verified" : Failure.ToString())}";
    }

    private static Fault Storage(FaultKind kind, long bytes = 0, int times = 1) =>
        new(kind) { Storage = true, Method = "GET", Bytes = bytes, Times = times };

    private static Fault Status(int status, int times, IReadOnlyDictionary<string, string>? headers = null, bool storage = true) =>
        new(FaultKind.Status) { Storage = storage, Method = "GET", Status = status, Times = times, Headers = headers ?? new Dictionary<string, string>() };

    private const int Always = int.MaxValue;

    private static readonly Row[] Rows =
    [
        new("nothing", []),
        new("truncated once", [Storage(FaultKind.EndEarly, 50_000)]),
        new("truncated always, with nothing sent", [Storage(FaultKind.EndEarly, 0, Always)], HubFailure.Mismatch, "ended after"),
        new("reset three times", [Storage(FaultKind.Drop, 60_000, 3)]),
        new("reset always after a byte", [Storage(FaultKind.Drop, 1, Always)], HubFailure.Unavailable, "run again"),
        new("stalled twice", [Storage(FaultKind.Stall, 40_000, 2)]),
        new("stalled always", [Storage(FaultKind.Stall, 0, Always)], HubFailure.Unavailable, "no bytes for"),
        new("500 twice", [Status(500, 2)]),
        new("502 always", [Status(502, Always)], HubFailure.Unavailable, "502"),
        new("503 of the hub twice", [Status(503, 2, storage: false)]),
        new("408 once", [Status(408, 1)]),
        new("429 for a moment", [Status(429, 1, Soon)]),
        new("429 for an hour", [Status(429, Always, InAnHour)], HubFailure.RateLimited, "asks to wait 3601 s"),
        new("shorter than listed", [Storage(FaultKind.Shorter, 10, Always)], HubFailure.Mismatch, "1200000"),
        new("longer than listed", [Storage(FaultKind.Longer, 10, Always)], HubFailure.Mismatch, "1200000"),
        new("a flipped bit", [Storage(FaultKind.FlipByte, 777_777, Always)], HubFailure.Mismatch, "expected"),
        new("another file between two answers", [Storage(FaultKind.Drop, 300_000), Storage(FaultKind.Replaced, times: Always)], HubFailure.Mismatch, "expected"),
        new("a link that expired once", [Status(403, 1)]),
        new("a link that is always expired", [Status(403, Always)], HubFailure.Unavailable, "storage behind the hub answers 403"),
        new("a redirect to a host that is not there", [new Fault(FaultKind.Redirect) { Path = "/resolve/", Method = "GET", Location = "http://127.0.0.1:9/x" }], HubFailure.Unavailable, "cannot connect"),
        new("redirects without end", [new Fault(FaultKind.Redirect) { Storage = false, Method = "GET", Location = "/loop" }], HubFailure.Protocol, "redirects"),
        new("a redirect to another scheme", [new Fault(FaultKind.Redirect) { Storage = false, Method = "GET", Location = "ftp://127.0.0.1/x" }], HubFailure.Protocol, "scheme"),
        new("ranges ignored after a break", [Storage(FaultKind.Drop, 100_000), Storage(FaultKind.IgnoreRange)]),
        new("another range than asked, after a break", [Storage(FaultKind.Drop, 100_000), Storage(FaultKind.WrongRange, times: Always)], HubFailure.Protocol, "another range"),
        new("a range refused for no reason, after a break", [Storage(FaultKind.Drop, 100_000), Status(416, 1)]),
        new("gated since it was listed", [new Fault(FaultKind.Status) { Storage = false, Method = "GET", Status = 403, Headers = new Dictionary<string, string> { ["X-Error-Code"] = "GatedRepo" } }], HubFailure.Refused, "accept its licence"),
        new("gone since it was listed", [new Fault(FaultKind.Status) { Storage = false, Method = "GET", Status = 404, Headers = new Dictionary<string, string> { ["X-Error-Code"] = "RepoNotFound" } }], HubFailure.NotFound, "does not exist"),
    ];

    private static HubOptions InParts(HubOptions options, bool parts) => parts
        ? options with { Connections = 3, PartsFrom = 1, PartSize = PartSize, ProbeTime = TimeSpan.Zero, FastConnection = long.MaxValue }
        : options with { Connections = 1 };

    [Test]
    public async Task A_download_ends_verified_or_in_a_clear_error([ValueSource(nameof(Rows))] Row row, [Values] bool parts)
    {
        byte[] model = Put(Model, Size);
        Loopback hub = await StartAsync(o => o with { Tokens = [new LoopbackToken(Token)] });
        HubClient client = Client(hub, o => InParts(o, parts) with { Token = Token, TokenSource = "HF_TOKEN" });
        ResolvedFile file = await OneAsync(client, Model);
        foreach (Fault fault in row.Faults) hub.Faults.Add(fault);

        if (row.Failure is null)
        {
            DownloadedFile got = await client.DownloadAsync(file);
            Assert.That(got.Verified);
            Assert.That(File.ReadAllBytes(got.LocalPath).AsSpan().SequenceEqual(model));
            Assert.That(File.Exists(Incomplete(file)), Is.False);
            if (parts) Assert.That(hub.Log.Count(r => r.Storage), Is.GreaterThan(2), "it came in parts: the first answer fills one buffer at most");
        }
        else
        {
            HubException e = Failure(() => client.DownloadAsync(file));
            Assert.That(e.Failure, Is.EqualTo(row.Failure.Value), e.Message);
            Assert.That(e.Message, Does.Contain(row.Says!));
            Assert.That(e.Where, Does.Contain(Model));
            Assert.That(e.Advice, Is.Not.Empty);
            Assert.That(client.FindCached(file), Is.Null, "nothing wrong has the file's name");
            Assert.That(e.ToString(), Does.Not.Contain(Token).And.Not.Contain("Signature"));

            // The fault over, the same download ends well.
            hub.Faults.Clear();
            Assert.That(File.ReadAllBytes((await client.DownloadAsync(file)).LocalPath).AsSpan().SequenceEqual(model));
        }

        Assert.That(hub.Log.Where(r => r.Storage).Select(r => r.Authorized), Has.None.True, "the token stays with the hub");
    }

    [Test]
    public void The_table_can_be_read()
    {
        foreach (Row row in Rows)
            TestContext.Out.WriteLine($"{row.Fault,-52} {(row.Failure is null ? "verified" : row.Failure + ": …" + row.Says + "…")}");
        Assert.That(Rows.Select(r => r.Fault), Is.Unique);
    }

    [Test]
    public async Task A_disk_that_fills_up_in_the_middle_is_a_clear_error_and_what_was_written_stays()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("needs /dev/full");
        Put(Model, Size);
        HubClient client = Client(await StartAsync());
        ResolvedFile file = await OneAsync(client, Model);
        Directory.CreateDirectory(Path.GetDirectoryName(Incomplete(file))!);
        File.CreateSymbolicLink(Incomplete(file), "/dev/full");

        HubException e = Failure(() => client.DownloadAsync(file));

        Assert.That((e.Failure, e.What), Is.EqualTo((HubFailure.Disk, "the disk is full")));
        Assert.That(e.Advice, Does.Contain("HF_HUB_CACHE").And.Contain("goes on where it stopped"));
    }

    [Test]
    public async Task Parts_come_at_once_and_what_arrived_in_order_is_kept_when_it_is_stopped()
    {
        byte[] model = Put(Model, Size);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 1_000_000 });
        HubClient client = Client(hub, o => InParts(o, parts: true) with { Connections = 6 });
        ResolvedFile file = await OneAsync(client, Model);
        using var cancel = new CancellationTokenSource();

        Assert.That(
            () => client.DownloadAsync(file, new DownloadOptions { Progress = new Direct(p => { if (p.Done > 500_000) cancel.Cancel(); }) }, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());

        byte[] there = File.ReadAllBytes(Incomplete(file));
        Assert.That(there.AsSpan().SequenceEqual(model.AsSpan(0, there.Length)), "a plain beginning of the file, as other clients understand it");
        int before = hub.Log.Count;
        DownloadedFile got = await client.DownloadAsync(file);
        string?[] ranges = [.. hub.Log.Skip(before).Where(r => r.Storage).Select(r => r.Range)];
        Assert.That(ranges, Has.Length.GreaterThan(2).And.Unique.And.None.Null);
        Assert.That(ranges[0], Is.EqualTo($"bytes={there.Length}-"), "it went on where it stopped");
        Assert.That(got.BytesFetched, Is.EqualTo(Size - there.Length));
        Assert.That(File.ReadAllBytes(got.LocalPath).AsSpan().SequenceEqual(model));
    }

    [Test]
    public async Task One_connection_is_enough_where_it_is_fast()
    {
        Put(Model, Size);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub, o => InParts(o, parts: true) with { FastConnection = 1 });

        await client.DownloadAsync(await OneAsync(client, Model));

        Assert.That(hub.Log.Count(r => r.Storage), Is.EqualTo(1));
    }

    private sealed class Direct(Action<HubProgress> act) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => act(value);
    }
}
