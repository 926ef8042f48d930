using NUnit.Framework;

namespace Harness.Workers.Tests;

public class WellBehavedSpecs
{
    private WorkerLauncher launcher = null!;

    [OneTimeSetUp]
    public void StartLauncher() => launcher = new WorkerLauncher();

    [OneTimeTearDown]
    public void StopLauncher() => launcher.Dispose();

    [Test]
    public async Task A_worker_tells_who_it_is_answers_and_leaves_as_asked()
    {
        await using WorkerSession session = launcher.Start(Dummy.Command("scripted"));
        WorkerHello hello = (await session.HelloAsync()).Value;
        LoadedModel model = (await session.LoadAsync(Dummy.AnyModel)).Value;
        int[] ids = (await session.TokenizeAsync("aé", false, false)).Value;
        List<int> streamed = [];
        Answer<GeneratedTokens> generated = await session.GenerateAsync(
            new GenerateRequest([5], 3, TopLogProbabilities: 2), token => streamed.Add(token.Id));
        WorkerEnd end = await session.ExitAsync();

        Assert.Multiple(() =>
        {
            Assert.That(hello.Identity.Backend, Is.EqualTo("scripted"));
            Assert.That(hello.Identity.Devices.Single().Name, Is.EqualTo("a dummy"));
            Assert.That(hello.Reload, Is.True);
            Assert.That(model.VocabularySize, Is.EqualTo(256));
            Assert.That(ids, Is.EqualTo(new[] { 0x61, 0xC3, 0xA9 }));
            Assert.That(streamed, Is.EqualTo(new[] { 6, 7, 8 }));
            Assert.That(generated.Value.Tokens.Select(t => t.Id), Is.EqualTo(streamed));
            Assert.That(generated.Value.Tokens[0].Bytes, Is.EqualTo(new byte[] { 6 }));
            Assert.That(generated.Value.Tokens[0].TopLogProbabilities, Is.EqualTo(new[] { -0.1f, float.NaN }));
            Assert.That(generated.Value.Generation.StopReason, Is.EqualTo("length"));
            Assert.That(generated.Value.TimeToFirstToken, Is.Not.Null.And.LessThanOrEqualTo(generated.WallClock));
            Assert.That(end.ExitCode, Is.Zero);
            Assert.That(end.Failure, Is.Null);
            Assert.That(end.Peak!.Bytes, Is.InRange(10L << 20, 400L << 20));
            Assert.That(end.CpuTime, Is.GreaterThan(TimeSpan.Zero));
            Assert.That(Dummy.Exists(session.ProcessId), Is.False);
        });
    }
}
