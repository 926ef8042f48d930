using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>A fresh directory, a hub over a part of it, and clients with a cache in another part.</summary>
public abstract class HubFixture
{
    /// <summary>The repository most tests use.</summary>
    protected const string Repo = "acme/tiny-GGUF";

    private readonly List<IAsyncDisposable> _hubs = [];
    private readonly List<HubClient> _clients = [];

    protected string Temp { get; private set; } = "";

    protected string Root => Path.Combine(Temp, "root");

    protected string CacheDirectory => Path.Combine(Temp, "cache");

    [SetUp]
    public void MakeDirectories() => Directory.CreateDirectory(Path.Combine(
        Temp = Path.Combine(Path.GetTempPath(), "harness-hub-" + Guid.NewGuid().ToString("N")), "root"));

    [TearDown]
    public async Task CleanAsync()
    {
        _clients.ForEach(c => c.Dispose());
        _clients.Clear();
        foreach (IAsyncDisposable hub in _hubs)
            await hub.DisposeAsync();
        _hubs.Clear();
        Directory.Delete(Temp, recursive: true);
    }

    /// <summary>Writes a file of seeded bytes into a repository.</summary>
    protected byte[] Put(string path, int size, string repo = Repo)
    {
        byte[] bytes = new byte[size];
        new Random(path.Aggregate(size, (seed, c) => seed * 31 + c)).NextBytes(bytes);
        return Put(path, bytes, repo);
    }

    protected byte[] Put(string path, byte[] bytes, string repo = Repo)
    {
        string disk = Path.Combine(Root, repo, path);
        Directory.CreateDirectory(Path.GetDirectoryName(disk)!);
        File.WriteAllBytes(disk, bytes);
        return bytes;
    }

    protected async Task<Loopback> StartAsync(Func<LoopbackOptions, LoopbackOptions>? change = null)
    {
        var options = new LoopbackOptions { Root = Root };
        Loopback hub = await Loopback.StartAsync(change?.Invoke(options) ?? options);
        _hubs.Add(hub);
        return hub;
    }

    /// <summary>A client that loses patience quickly.</summary>
    protected HubClient Client(Loopback hub, Func<HubOptions, HubOptions>? change = null, Func<string, long>? freeSpace = null)
    {
        HubOptions options = Options(hub.Endpoint);
        options = change?.Invoke(options) ?? options;
        HubClient client = freeSpace is null ? new HubClient(options) : new HubClient(options) { FreeSpace = freeSpace };
        _clients.Add(client);
        return client;
    }

    protected HubOptions Options(Uri endpoint) => new()
    {
        Endpoint = endpoint,
        CacheDirectory = CacheDirectory,
        RetryDelay = TimeSpan.FromMilliseconds(5),
        StallTimeout = TimeSpan.FromMilliseconds(400),
        ResponseTimeout = TimeSpan.FromSeconds(5),
        LongestWait = TimeSpan.FromSeconds(5),
        DiskReserve = 0,
    };

    protected static async Task<ResolvedFile> OneAsync(HubClient client, string file, string repo = Repo, string? revision = null) =>
        (await client.ResolveAsync(repo, revision, new FileQuery { File = file })).Single();

    protected static HubException Failure(Func<Task> act)
    {
        Exception? thrown = null;
        try
        {
            act().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            thrown = e;
        }
        Assert.That(thrown, Is.InstanceOf<HubException>());
        return (HubException)thrown!;
    }

    protected string Incomplete(ResolvedFile file) =>
        Path.Combine(CacheDirectory, "models--" + file.Repo.Replace("/", "--"), "blobs", file.Etag + ".incomplete");
}
