using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>A hundred workers killed at random moments: each end is classified, nothing leaks, the harness goes on.</summary>
[Platform("Linux")]
public class SupervisorSoak
{
    [Test]
    public Task Five_random_kills_are_each_told_as_a_SIGKILL() => KillWorkers(5, seed: 3);

    [Test]
    [Category("Soak")]
    public Task A_hundred_random_kills_are_each_told_as_a_SIGKILL() => KillWorkers(100, seed: 4);

    private static async Task KillWorkers(int times, int seed)
    {
        Random random = new(seed);
        using WorkerLauncher launcher = new();
        int descriptors = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        for (int i = 0; i < times; i++)
        {
            await using WorkerSession session = launcher.Start(Dummy.Command("slow-stream"));
            Task killer = Task.Delay(random.Next(300)).ContinueWith(_ => Signals.Kill(session.ProcessId));
            try
            {
                await session.HelloAsync();
                await session.LoadAsync(Dummy.AnyModel);
                await session.GenerateAsync(new GenerateRequest([1], 50));
                Assert.Fail($"kill {i} of seed {seed}: nothing failed");
            }
            catch (WorkerException e)
            {
                Assert.That(e.Failure.SignalName, Is.EqualTo("SIGKILL"), e.Message);
            }

            await killer;
        }

        Assert.That(Processes.DescendantsOfThisOne(), Is.Empty);
        Assert.That(Directory.GetFileSystemEntries("/proc/self/fd"), Has.Length.LessThan(descriptors + 10));
    }
}
