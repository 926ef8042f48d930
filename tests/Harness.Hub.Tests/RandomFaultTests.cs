using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>Whatever goes wrong in whatever order: the right bytes, or a failure in words; never the wrong bytes.</summary>
public sealed class RandomFaultTests : HubFixture
{
    private static readonly FaultKind[] Kinds =
    [
        FaultKind.Drop, FaultKind.EndEarly, FaultKind.FlipByte, FaultKind.IgnoreRange, FaultKind.Longer, FaultKind.Shorter,
        FaultKind.Status, FaultKind.WrongRange, FaultKind.WrongLinkedSize, FaultKind.Redirect, FaultKind.Garbage,
    ];

    [Test]
    public Task A_download_ends_with_the_right_bytes_or_a_named_failure() => RunAsync(seed: 1, rounds: 40);

    [Test]
    [Category("Soak")]
    public Task A_download_ends_with_the_right_bytes_or_a_named_failure_many_times() => RunAsync(seed: 2, rounds: 3000);

    private async Task RunAsync(int seed, int rounds)
    {
        const string path = "m-q8_0.gguf";
        const int size = 120_000;
        byte[] model = Put(path, size);
        Loopback hub = await StartAsync();
        var random = new Random(seed);
        int right = 0, failed = 0;
        for (int round = 0; round < rounds; round++)
        {
            if (Directory.Exists(CacheDirectory) && random.Next(3) > 0)
                Directory.Delete(CacheDirectory, recursive: true);
            hub.Faults.Clear();
            string story = $"round {round}:";
            for (int i = random.Next(1, 5); i > 0; i--)
            {
                var fault = new Fault(Kinds[random.Next(Kinds.Length)])
                {
                    Storage = random.Next(4) == 0 ? null : random.Next(4) > 0,
                    Times = random.Next(1, 4),
                    After = random.Next(3),
                    Bytes = random.Next(size),
                    Status = random.Next(4) switch { 0 => 500, 1 => 404, 2 => 403, _ => 503 },
                };
                hub.Faults.Add(fault);
                story += $" {fault.Kind} storage={fault.Storage} times={fault.Times} after={fault.After} bytes={fault.Bytes} status={fault.Status};";
            }
            HubClient client = Client(hub, o => o with { RetryDelay = TimeSpan.FromMilliseconds(1) });
            try
            {
                FileQuery query = random.Next(2) == 0 ? new FileQuery { File = path } : new FileQuery { Quant = "q8_0" };
                ResolvedFile file = (await client.ResolveAsync(Repo, null, query)).Single();
                DownloadedFile got = await client.DownloadAsync(file, new DownloadOptions { VerifyCached = true });
                Assert.That(File.ReadAllBytes(got.LocalPath).AsSpan().SequenceEqual(model), story);
                right++;
            }
            catch (HubException e)
            {
                Assert.That(e.Where + e.Advice, Is.Not.Empty, story);
                failed++;
            }
            string blobs = Path.Combine(CacheDirectory, "models--acme--tiny-GGUF", "blobs");
            foreach (string blob in Directory.Exists(blobs) ? Directory.GetFiles(blobs).Where(f => !f.EndsWith(".incomplete")) : [])
                Assert.That(File.ReadAllBytes(blob).AsSpan().SequenceEqual(model), "what has its final name is right; " + story);
        }
        Assert.That((right, failed), Is.Not.EqualTo((0, rounds)).And.Not.EqualTo((rounds, 0)), "both ends were seen");
    }
}
