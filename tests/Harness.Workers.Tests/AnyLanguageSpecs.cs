using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>An adapter in any language is one file.</summary>
public class AnyLanguageSpecs
{
    private WorkerLauncher launcher = null!;

    [OneTimeSetUp]
    public void StartLauncher() => launcher = new WorkerLauncher();

    [OneTimeTearDown]
    public void StopLauncher() => launcher.Dispose();

    [Test]
    public async Task An_adapter_in_JavaScript_is_one_file()
    {
        await using WorkerSession session = Start("node", "echo.mjs");
        Answer<WorkerHello> hello = await session.HelloAsync();
        await session.LoadAsync(Dummy.AnyModel);
        Answer<GeneratedTokens> generated = await session.GenerateAsync("héllo", true, false, 16);
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.logits");
        try
        {
            ScoredTokens scored = (await session.ScoreAsync([1, 2, 3], file)).Value;
            Assert.That(scored.LogitsPath, Is.EqualTo(file));
            Assert.That(BitConverter.ToSingle(await File.ReadAllBytesAsync(file), (256 + 2) * 4), Is.EqualTo(1));
        }
        finally
        {
            File.Delete(file);
        }

        WorkerEnd end = await session.ExitAsync();
        Assert.Multiple(() =>
        {
            Assert.That(hello.Value.Identity.Backend, Is.EqualTo("echo"));
            Assert.That(generated.Value.PromptIds, Has.Count.EqualTo(6));
            Assert.That(
                System.Text.Encoding.UTF8.GetString([.. generated.Value.Tokens.SelectMany(t => t.Bytes)]),
                Is.EqualTo("héllo"));
            Assert.That(end.Failure, Is.Null);
        });
    }

    [Test]
    public async Task A_backend_without_raw_logits_gives_the_likeliest_tokens_and_says_so()
    {
        await using WorkerSession session = Start("python3", "echo.py");
        WorkerHello hello = (await session.HelloAsync()).Value;
        await session.LoadAsync(Dummy.AnyModel);
        ScoredTokens scored = (await session.ScoreAsync([4, 5], "never-written")).Value;
        WorkerException? unsupported = await Assert.ThrowsAsync<WorkerException>(
            async () => await session.TokenizeAsync("x", false, false));
        WorkerEnd end = await session.ExitAsync();
        Assert.Multiple(() =>
        {
            Assert.That(hello.Reload, Is.False);
            Assert.That(scored.LogitsPath, Is.Null);
            Assert.That(scored.Top![1].Ids, Is.EqualTo(new[] { 5, 6 }));
            Assert.That(scored.Top[1].LogProbabilities, Is.EqualTo(new[] { -0.5f, float.NaN }));
            Assert.That(unsupported!.Failure.KindName, Is.EqualTo("unsupported"));
            Assert.That(end.Failure, Is.Null);
        });
    }

    private WorkerSession Start(string program, string file)
    {
        try
        {
            return launcher.Start(new WorkerCommand(
                program, [Path.Combine(TestContext.CurrentContext.TestDirectory, "Workers", file)]));
        }
        catch (WorkerException e) when (e.Failure.Cause == WorkerFailureCause.NotStarted)
        {
            Assert.Ignore($"{program} is not installed");
            throw;
        }
    }
}
