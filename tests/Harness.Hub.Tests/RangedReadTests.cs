using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class RangedReadTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";

    [Test]
    public async Task A_header_is_read_without_the_weights_in_growing_pieces()
    {
        byte[] model = Put(Model, 20_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        await using Stream stream = client.OpenRead(await OneAsync(client, Model));

        byte[] header = new byte[3_000_000];
        stream.ReadExactly(header);

        Assert.That(header, Is.EqualTo(model[..3_000_000]));
        Assert.That(stream.Length, Is.EqualTo(20_000_000));
        Assert.That(((HubFileStream)stream).BytesFetched, Is.LessThan(8_000_000));
        Assert.That(hub.Log.Count(r => r.Storage), Is.LessThanOrEqualTo(8));
        Assert.That(hub.Log.First(r => r.Storage).Range, Is.EqualTo("bytes=0-65535"));
    }

    [Test]
    public async Task Any_reads_and_seeks_give_the_file_s_bytes([Values] bool ignoresRange)
    {
        byte[] model = Put(Model, 700_001);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        await using Stream stream = client.OpenRead(await OneAsync(client, Model));
        if (ignoresRange)
            hub.Faults.Add(new Fault(FaultKind.IgnoreRange) { Storage = true });
        var random = new Random(42);
        byte[] buffer = new byte[100_000];

        for (int i = 0; i < 60; i++)
        {
            if (random.Next(3) == 0)
                stream.Position = random.Next(model.Length + 1000);
            int at = (int)stream.Position, count = random.Next(buffer.Length);
            int read = i % 2 == 0 ? await stream.ReadAtLeastAsync(buffer.AsMemory(0, count), count, false) : stream.ReadAtLeast(buffer.AsSpan(0, count), count, false);
            int expected = Math.Clamp(model.Length - at, 0, count);
            Assert.That(read, Is.EqualTo(expected));
            Assert.That(buffer.AsSpan(0, read).SequenceEqual(model.AsSpan(Math.Min(at, model.Length), read)), $"read {i} at {at}");
        }
    }

    [Test]
    public async Task A_server_that_ignores_ranges_sends_the_file_once_for_a_forward_read()
    {
        byte[] model = Put(Model, 2_000_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        hub.Faults.Add(new Fault(FaultKind.IgnoreRange) { Storage = true });
        await using Stream stream = client.OpenRead(await OneAsync(client, Model));
        byte[] all = new byte[model.Length];

        await stream.ReadExactlyAsync(all);

        Assert.That(all, Is.EqualTo(model));
        Assert.That(hub.Log.Count(r => r.Storage), Is.LessThanOrEqualTo(1));
    }

    [TestCase(FaultKind.Drop)]
    [TestCase(FaultKind.Stall)]
    public async Task Ranged_reads_survive_broken_connections(FaultKind kind)
    {
        byte[] model = Put(Model, 500_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        hub.Faults.Add(new Fault(kind) { Storage = true, Bytes = 100, Times = 2 });

        ResolvedFile file = await OneAsync(client, Model);
        Assert.That(await client.ReadRangeAsync(file, 123_456, 1000), Is.EqualTo(model[123_456..124_456]));
        Assert.That(await client.ReadRangeAsync(file, 499_990, 1000), Is.EqualTo(model[^10..]));
        Assert.That(await client.ReadRangeAsync(file, 600_000, 1000), Is.Empty);
    }

    [Test]
    public async Task A_file_whose_size_is_not_the_promised_one_is_a_mismatch()
    {
        Put(Model, 500_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(new Fault(FaultKind.Shorter) { Storage = true, Bytes = 1 });

        Assert.That(Failure(() => client.ReadRangeAsync(file, 0, 100)).Failure, Is.EqualTo(HubFailure.Mismatch));
    }

    [Test]
    public async Task A_cached_file_is_read_from_the_cache()
    {
        byte[] model = Put(Model, 5000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        await client.DownloadAsync(file);
        int before = hub.Log.Count;

        await using Stream stream = client.OpenRead(file);
        Assert.That(stream, Is.InstanceOf<FileStream>());
        Assert.That(await client.ReadRangeAsync(file, 10, 20), Is.EqualTo(model[10..30]));
        Assert.That(hub.Log, Has.Count.EqualTo(before));
    }
}
