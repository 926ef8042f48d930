using System.Text.Json;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>What holds between processes: the real program, killed and run side by side.</summary>
public sealed class ProcessTests : HubFixture
{
    private const string Model = "tiny-q4_k_m.gguf";

    [Test]
    public async Task A_killed_download_is_resumed_by_range_in_a_new_process_and_still_verifies()
    {
        byte[] model = Put(Model, 1_500_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 700_000 });
        ResolvedFile file = await OneAsync(Client(hub), Model);
        using (ChildProgram first = ChildProgram.Harness(hub.Endpoint, CacheDirectory, "models", "download", Repo, "--quant", "Q4_K_M"))
        {
            await UntilAsync(() => new FileInfo(Incomplete(file)) is { Exists: true, Length: > 300_000 });
            await first.KillAsync();
        }
        long there = new FileInfo(Incomplete(file)).Length;
        Assert.That(there, Is.InRange(300_000, 1_499_999));

        using ChildProgram second = ChildProgram.Harness(hub.Endpoint, CacheDirectory, "models", "download", Repo, "--quant", "Q4_K_M", "--json");
        (int status, string output, string errors) = await second.WaitAsync();

        Assert.That((status, errors), Is.EqualTo((0, "")));
        JsonElement got = JsonDocument.Parse(output).RootElement[0];
        Assert.That(File.ReadAllBytes(got.GetProperty("path").GetString()!), Is.EqualTo(model));
        Assert.That(got.GetProperty("verified").GetBoolean());
        Assert.That(got.GetProperty("bytesFetched").GetInt64(), Is.EqualTo(model.Length - there), "what was there did not come twice");
        Assert.That(hub.Log.Where(r => r.Storage).Select(r => (r.Range, r.Status)).Last(), Is.EqualTo(($"bytes={there}-", 206)));
    }

    [Test]
    public async Task A_byte_flipped_in_the_cache_is_caught_by_the_next_process()
    {
        byte[] model = Put(Model, 50_000);
        Loopback hub = await StartAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        DownloadedFile got = await client.DownloadAsync(file);
        model[1000] ^= 1;
        File.WriteAllBytes(got.LocalPath, model);

        using ChildProgram child = ChildProgram.Harness(hub.Endpoint, CacheDirectory, "models", "download", Repo, "--file", Model);
        (int status, string output, string errors) = await child.WaitAsync();

        Assert.That((status, output), Is.EqualTo((1, "")));
        Assert.That(errors, Does.StartWith("error: the file's sha256").And.Contain(Model).And.Contain(file.Sha256!).And.Contain("--force"));
    }

    [Test]
    public async Task Two_processes_that_want_one_file_fetch_it_once()
    {
        byte[] model = Put(Model, 1_000_000);
        Loopback hub = await StartAsync(o => o with { BytesPerSecond = 1_000_000 });
        string[] arguments = ["models", "download", Repo, "--json"];
        using ChildProgram first = ChildProgram.Harness(hub.Endpoint, CacheDirectory, arguments);
        using ChildProgram second = ChildProgram.Harness(hub.Endpoint, CacheDirectory, arguments);

        (int Status, string Output, string Errors)[] ends = [await first.WaitAsync(), await second.WaitAsync()];

        Assert.That(ends.Select(e => (e.Status, e.Errors)), Has.All.EqualTo((0, "")));
        JsonElement[] got = [.. ends.Select(e => JsonDocument.Parse(e.Output).RootElement[0])];
        Assert.That(got.Select(g => g.GetProperty("fromCache").GetBoolean()), Is.EquivalentTo(new[] { true, false }));
        Assert.That(got.Select(g => g.GetProperty("verified").GetBoolean()), Has.All.True);
        Assert.That(hub.Log.Count(r => r.Storage), Is.EqualTo(1));
        Assert.That(File.ReadAllBytes(got[0].GetProperty("path").GetString()!), Is.EqualTo(model));
    }

    [Test]
    public async Task Paths_go_to_standard_output_one_a_line_and_a_wrong_query_is_a_wrong_command_line()
    {
        Put("a-Q8_0-00001-of-00002.gguf", 10);
        Put("a-Q8_0-00002-of-00002.gguf", 20);
        Put("a-Q4_0.gguf", 20);
        Loopback hub = await StartAsync();

        using ChildProgram good = ChildProgram.Harness(hub.Endpoint, CacheDirectory, "models", "download", "hf:" + Repo, "--quant", "q8_0");
        using ChildProgram vague = ChildProgram.Harness(hub.Endpoint, CacheDirectory, "models", "download", Repo);
        (int status, string output, string errors) = await good.WaitAsync();
        (int vagueStatus, string vagueOutput, string vagueErrors) = await vague.WaitAsync();

        Assert.That((status, errors), Is.EqualTo((0, "")));
        Assert.That(output.TrimEnd().Split(Environment.NewLine).Select(l => new FileInfo(l).Exists ? Path.GetFileName(l) : ""),
            Is.EqualTo(new[] { "a-Q8_0-00001-of-00002.gguf", "a-Q8_0-00002-of-00002.gguf" }));
        Assert.That((vagueStatus, vagueOutput), Is.EqualTo((2, "")));
        Assert.That(vagueErrors, Does.Contain("a-Q4_0.gguf").And.Contain("--file"));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); !condition(); await Task.Delay(20))
            Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)), "the child got nowhere");
    }
}
