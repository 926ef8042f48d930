using System.Security.Cryptography;
using System.Text.Json;
using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>
/// The hub's official JavaScript client against the loopback hub, and both clients in one cache: what makes the loopback
/// hub a hub rather than our idea of one.
/// </summary>
public sealed class OfficialClientTests : HubFixture
{
    private const string Package = "@huggingface/hub@2.17.5";

    private const string Script = """
        import { createHash } from 'node:crypto';
        import { realpathSync } from 'node:fs';
        import * as hub from '@huggingface/hub';
        const [task, hubUrl, repo, cacheDir, accessToken] = process.argv.slice(2);
        const common = { repo, hubUrl, accessToken: accessToken || undefined };
        console.debug = () => {};
        const result = { files: [] };
        if (task === 'read') {
          result.commit = (await hub.modelInfo({ ...common, name: repo, revision: 'main', additionalFields: ['sha'] })).sha;
          for await (const file of hub.listFiles({ ...common, recursive: true })) {
            if (file.type !== 'file') continue;
            const info = await hub.fileDownloadInfo({ ...common, path: file.path });
            const bytes = Buffer.from(await (await hub.downloadFile({ ...common, path: file.path })).arrayBuffer());
            const middle = bytes.length > 20 ? Buffer.from(await (await hub.downloadFile({ ...common, path: file.path })).slice(10, 20).arrayBuffer()).toString('hex') : '';
            result.files.push({ path: file.path, size: file.size, oid: file.oid, lfs: file.lfs?.oid ?? null,
              infoSize: info.size, etag: info.etag, sha256: createHash('sha256').update(bytes).digest('hex'), middle });
          }
          result.missing = await hub.fileDownloadInfo({ ...common, path: 'nothing.gguf' });
          try { await hub.fileDownloadInfo({ ...common, repo: 'acme/nothing', path: 'x' }); }
          catch (e) { result.noRepo = e.statusCode; }
        } else {
          result.snapshot = await hub.snapshotDownload({ ...common, cacheDir });
          result.files = [...(await hub.scanCacheDir(cacheDir)).repos].flatMap(r => [...r.revisions].flatMap(v =>
            v.files.map(f => ({ path: f.path, blob: realpathSync(f.blob.path), size: f.blob.size }))));
          result.single = await hub.downloadFileToCacheDir({ ...common, cacheDir, path: 'tiny-q8_0.gguf' });
        }
        console.log(JSON.stringify(result));
        """;

    private async Task<JsonElement> RunAsync(string task, Loopback hub, string token = "")
    {
        string modules = await InstallAsync();
        string script = Path.Combine(modules, $"check-{Guid.NewGuid():N}.mjs");
        File.WriteAllText(script, Script);
        try
        {
            using ChildProgram node = ChildProgram.TryStart("node", [script, task, hub.Endpoint.AbsoluteUri.TrimEnd('/'), Repo, CacheDirectory, token])!;
            (int status, string output, string errors) = await node.WaitAsync();
            Assert.That(status, Is.Zero, errors);
            return JsonDocument.Parse(output).RootElement;
        }
        finally
        {
            File.Delete(script);
        }
    }

    /// <summary>The package, installed once for all runs of the tests.</summary>
    private static async Task<string> InstallAsync()
    {
        string directory = Path.Combine(Path.GetTempPath(), "harness-tests-npm-" + Package.Replace('/', '-').Replace('@', '-'));
        if (Directory.Exists(Path.Combine(directory, "node_modules", "@huggingface", "hub", "dist")))
            return directory;
        string how = $"needs node 18 or newer and npm; to have it: npm install --prefix \"{directory}\" {Package}";
        using (ChildProgram? node = ChildProgram.TryStart("node", ["--version"]))
            if (node is null)
                Assert.Ignore("node is not installed: " + how);
        Directory.CreateDirectory(directory);
        string[] arguments = ["install", "--prefix", directory, "--no-audit", "--no-fund", "--omit=optional", Package];
        using ChildProgram? npm = OperatingSystem.IsWindows()
            ? ChildProgram.TryStart("cmd", ["/c", "npm", .. arguments])
            : ChildProgram.TryStart("npm", arguments);
        if (npm is null)
            Assert.Ignore("npm is not installed: " + how);
        (int status, _, string errors) = await npm!.WaitAsync(120);
        if (status != 0)
            Assert.Ignore($"npm could not get {Package}: {how}\n{errors}");
        return directory;
    }

    private (byte[] Model, byte[] Readme) PutFiles()
    {
        Put("a/b/c.json", 300);
        Put("tiny-q4_k_m.gguf", 300_000);
        return (Put("tiny-q8_0.gguf", 1_500_000), Put("README.md", 400));
    }

    [Test]
    public async Task The_official_client_lists_and_reads_the_loopback_hub_as_ours_does()
    {
        PutFiles();
        Loopback hub = await StartAsync(o => o with { PageSize = 2, Private = [Repo], Tokens = [new LoopbackToken("hf_right")] });

        JsonElement theirs = await RunAsync("read", hub, "hf_right");

        RepoListing ours = await Client(hub, o => o with { Token = "hf_right" }).ListFilesAsync(Repo);
        Assert.That(theirs.GetProperty("commit").GetString(), Is.EqualTo(ours.Commit));
        JsonElement[] files = [.. theirs.GetProperty("files").EnumerateArray().OrderBy(f => f.GetProperty("path").GetString(), StringComparer.Ordinal)];
        Assert.That(
            files.Select(f => new RepoFile(f.GetProperty("path").GetString()!, f.GetProperty("size").GetInt64(), f.GetProperty("oid").GetString()!, f.GetProperty("lfs").GetString())),
            Is.EqualTo(ours.Files));
        foreach ((JsonElement file, RepoFile listed) in files.Zip(ours.Files))
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(Root, Repo, listed.Path));
            Assert.That(file.GetProperty("sha256").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(bytes))));
            Assert.That(file.GetProperty("infoSize").GetInt64(), Is.EqualTo(bytes.Length));
            Assert.That(HubTransport.PlainEtag(file.GetProperty("etag").GetString()), Is.EqualTo(listed.Sha256 ?? listed.GitSha1));
            Assert.That(file.GetProperty("middle").GetString(), Is.EqualTo(Convert.ToHexStringLower(bytes[10..20])));
        }
        Assert.That(theirs.GetProperty("missing").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(theirs.GetProperty("noRepo").GetInt32(), Is.EqualTo(404));
    }

    [Test]
    public async Task The_official_client_finds_what_ours_downloaded()
    {
        (byte[] model, _) = PutFiles();
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        RepoListing listing = await client.ListFilesAsync(Repo);
        ResolvedFile[] files = [.. (await Task.WhenAll(listing.Files.Select(f => client.ResolveAsync(Repo, null, new FileQuery { File = f.Path })))).SelectMany(f => f)];
        IReadOnlyList<DownloadedFile> ours = await client.DownloadAsync(files);
        int before = hub.Log.Count;

        JsonElement theirs = await RunAsync("cache", hub);

        Assert.That(theirs.GetProperty("snapshot").GetString(), Is.EqualTo(Path.GetDirectoryName(ours.Single(o => o.File.Path == "README.md").LocalPath)));
        Assert.That(theirs.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()),
            // Its scan does not go into subdirectories.
            Is.EquivalentTo(ours.Where(o => !o.File.Path.Contains('/')).Select(o => o.LocalPath)));
        string single = theirs.GetProperty("single").GetString()!;
        Assert.That(File.ReadAllBytes(single), Is.EqualTo(model));
        Assert.That(hub.Log.Skip(before).Where(r => r.Storage || r.Path.Contains("/resolve")), Is.Empty, "it downloaded nothing again");
    }

    [Test]
    public async Task Ours_finds_and_verifies_what_the_official_client_downloaded()
    {
        PutFiles();
        Loopback hub = await StartAsync();

        await RunAsync("cache", hub);

        int before = hub.Log.Count;
        HubClient client = Client(hub, o => o with { Offline = true });
        RepoListing listing = await client.ListFilesAsync(Repo);
        Assert.That(listing.Files, Has.Count.EqualTo(4));
        foreach (RepoFile listed in listing.Files)
        {
            ResolvedFile file = await OneAsync(client, listed.Path);
            DownloadedFile got = await client.DownloadAsync(file, new DownloadOptions { VerifyCached = true });
            Assert.That((got.FromCache, got.Verified), Is.EqualTo((true, true)));
            Assert.That(file.Sha256 is not null, Is.EqualTo(listed.Path.EndsWith(".gguf")));
        }
        Assert.That(hub.Log, Has.Count.EqualTo(before));

        // Online, a branch is looked up, and the files are still the ones that are there.
        HubClient online = Client(hub);
        Assert.That((await online.DownloadAsync(await OneAsync(online, "tiny-q8_0.gguf"))).FromCache);
        Assert.That(hub.Log.Skip(before).Any(r => r.Storage), Is.False);
    }
}
