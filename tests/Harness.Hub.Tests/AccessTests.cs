using Harness.LoopbackHub;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

public sealed class AccessTests : HubFixture
{
    private const string Model = "m-q8_0.gguf";
    private const string Good = "hf_goodgoodgood", NoLicence = "hf_nolicence", CannotRead = "hf_cannotread", Unknown = "hf_unknown";

    private Task<Loopback> StartGuardedAsync(bool gated = false, bool hidden = false)
    {
        Put(Model, 50_000);
        Put("README.md", 500);
        return StartAsync(o => o with
        {
            Tokens = [new LoopbackToken(Good), new LoopbackToken(NoLicence, AcceptedLicences: false), new LoopbackToken(CannotRead, CanRead: false)],
            Gated = gated ? [Repo] : [],
            Private = hidden ? [Repo] : [],
        });
    }

    private HubClient WithToken(Loopback hub, string? token) => Client(hub, o => o with { Token = token, TokenSource = token is null ? null : "HF_TOKEN" });

    [Test]
    public async Task The_token_goes_to_the_hub_and_never_to_the_storage_host()
    {
        Loopback hub = await StartGuardedAsync(hidden: true);
        HubClient client = WithToken(hub, Good);

        await client.DownloadAsync(await OneAsync(client, Model));
        await client.DownloadAsync(await OneAsync(client, "README.md"));

        Assert.That(hub.Log.Where(r => !r.Storage).Select(r => r.Authorized), Has.All.True);
        Assert.That(hub.Log.Where(r => r.Storage).Select(r => r.Authorized), Is.EqualTo(new[] { false }));
    }

    [Test]
    public async Task The_token_does_not_come_back_after_a_stranger_redirects_home()
    {
        Loopback hub = await StartGuardedAsync();
        Put(Model, 10, "acme/other");
        HubClient client = WithToken(hub, Good);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(new Fault(FaultKind.Redirect) { Storage = true, Times = 1, Location = hub.Endpoint + "acme/other/resolve/main/m-q8_0.gguf" });

        // It is another file, of another size: what matters is who was shown the token.
        Assert.That(Failure(() => client.DownloadAsync(file)).Failure, Is.EqualTo(HubFailure.Mismatch));
        Assert.That(hub.Log.Single(r => r.Path.StartsWith("/acme/other/resolve")).Authorized, Is.False);
    }

    [TestCase(null, "gated", "accept its licence at", "set HF_TOKEN")]
    [TestCase(NoLicence, "gated", "accept its licence at", "that account's token")]
    [TestCase(CannotRead, "forbidden", "the token from HF_TOKEN may not read it", "use another")]
    [TestCase(Unknown, "does not accept the token", "HF_TOKEN", "replace it")]
    public async Task A_gated_repository_says_what_to_do(string? token, string what, string advice, string more)
    {
        Loopback hub = await StartGuardedAsync(gated: true);
        HubClient client = WithToken(hub, token);

        HubException e = Failure(() => OneAsync(client, Model));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Refused));
        Assert.That(e.What, Does.Contain(what));
        Assert.That(e.Advice, Does.Contain(advice).And.Contain(more));
        if (what == "gated")
            Assert.That(e.Advice, Does.Contain($"{hub.Endpoint}{Repo}"));
        Assert.That(e.ToString(), Does.Not.Contain(token ?? "\0"));
    }

    [Test]
    public async Task A_gated_repository_can_be_listed_but_not_fetched()
    {
        HubClient client = WithToken(await StartGuardedAsync(gated: true), null);

        IReadOnlyList<ResolvedFile> files = await client.ResolveAsync(Repo, null, new FileQuery { Quant = "Q8_0" });

        Assert.That(Failure(() => client.DownloadAsync(files)).Failure, Is.EqualTo(HubFailure.Refused));
        Assert.That(Failure(() => client.ReadRangeAsync(files[0], 0, 4)).Failure, Is.EqualTo(HubFailure.Refused));
    }

    [Test]
    public async Task A_private_repository_looks_missing_without_the_token_and_opens_with_it()
    {
        Loopback hub = await StartGuardedAsync(hidden: true);

        HubException e = Failure(() => OneAsync(WithToken(hub, null), Model));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.NotFound));
        Assert.That(e.What, Does.Contain("private"));
        Assert.That(e.Advice, Does.Contain("HF_TOKEN"));
        Assert.That((await OneAsync(WithToken(hub, Good), Model)).Size, Is.EqualTo(50_000));
    }

    [Test]
    public void A_malformed_token_is_refused_before_it_is_sent_and_not_shown()
    {
        HubException e = Assert.Throws<HubException>(() => new HubClient(Options(new Uri("http://127.0.0.1:1")) with { Token = "hf_a\r\nX: y", TokenSource = "HF_TOKEN" }))!;
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Usage));
        Assert.That(e.Message, Does.Contain("HF_TOKEN").And.Not.Contain("hf_a"));
    }

    [Test]
    public void Options_never_print_the_token() =>
        Assert.That((Options(new Uri("http://u:secret@localhost/")) with { Token = "hf_secret" }).ToString(), Does.Not.Contain("secret"));

    [TestCase("RateLimit", "\"api\";r=0;t=1", 2.0)]
    [TestCase("Retry-After", "1", 1.0)]
    public async Task A_rate_limit_is_waited_for(string header, string value, double seconds)
    {
        Loopback hub = await StartGuardedAsync();
        hub.Faults.Add(new Fault(FaultKind.Status) { Status = 429, Times = 1, Headers = new Dictionary<string, string> { [header] = value } });
        var clock = System.Diagnostics.Stopwatch.StartNew();

        await OneAsync(Client(hub), Model);

        Assert.That(clock.Elapsed.TotalSeconds, Is.InRange(seconds - 0.1, seconds + 2));
    }

    [Test]
    public async Task A_rate_limit_longer_than_the_patience_is_an_error_that_tells_the_wait()
    {
        Loopback hub = await StartGuardedAsync();
        hub.Faults.Add(new Fault(FaultKind.Status) { Status = 429, Headers = new Dictionary<string, string> { ["RateLimit"] = "\"api\";r=0;t=290" } });

        HubException e = Failure(() => OneAsync(Client(hub), Model));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.RateLimited));
        Assert.That(e.What, Does.Contain("291 s"));
        Assert.That(hub.Log, Has.Count.EqualTo(1));
    }

    [TestCase(500, 3)]
    [TestCase(503, 4)]
    [TestCase(408, 1)]
    public async Task Server_errors_pass(int status, int times)
    {
        Loopback hub = await StartGuardedAsync();
        hub.Faults.Add(new Fault(FaultKind.Status) { Status = status, Times = times });

        Assert.That((await OneAsync(Client(hub), Model)).Size, Is.EqualTo(50_000));
    }

    [Test]
    public async Task Server_errors_that_stay_are_unavailable_and_say_how_often_was_tried()
    {
        Loopback hub = await StartGuardedAsync();
        hub.Faults.Add(new Fault(FaultKind.Status) { Status = 502 });

        HubException e = Failure(() => Client(hub).ListFilesAsync(Repo));

        Assert.That(e.Failure, Is.EqualTo(HubFailure.Unavailable));
        Assert.That(e.What, Does.Contain("502").And.Contain("5 tries"));
        Assert.That(hub.Log, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task A_signed_address_that_expired_is_asked_for_anew()
    {
        Loopback hub = await StartGuardedAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(new Fault(FaultKind.Status) { Storage = true, Status = 403, Times = 1 });

        Assert.That((await client.DownloadAsync(file)).Verified);
    }

    [Test]
    public async Task Signed_addresses_are_not_shown()
    {
        Loopback hub = await StartGuardedAsync();
        HubClient client = Client(hub);
        ResolvedFile file = await OneAsync(client, Model);
        hub.Faults.Add(new Fault(FaultKind.Drop) { Storage = true });

        Assert.That(Failure(() => client.DownloadAsync(file)).ToString(), Does.Not.Contain("Signature"));
    }
}
