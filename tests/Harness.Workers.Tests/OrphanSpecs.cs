using System.Diagnostics;
using System.Text;
using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>A worker never outlives the harness, however suddenly the harness ends.</summary>
[Platform("Linux")]
public class OrphanSpecs
{
    [TestCase("hang", TestName = "A worker stuck in a call is gone with the harness")]
    [TestCase("spin", TestName = "A worker that never reads its stdin is gone with the harness")]
    public async Task Gone_with_the_harness(string behaviour)
    {
        if (behaviour == "spin")
            RequireSetpriv();
        using Process harness = StartHarness(behaviour, "");
        int worker = int.Parse((await harness.StandardOutput.ReadLineAsync())!);
        Assert.That(Processes.IsRunning(worker), Is.True);
        harness.Kill();
        await harness.WaitForExitAsync();
        Assert.That(await Dummy.Eventually(() => !Processes.IsRunning(worker)), Is.True);
    }

    [Test]
    public Task Killed_at_any_moment_the_harness_leaves_no_worker() => KillAtRandomMoments(5, seed: 1);

    [Test]
    [Category("Soak")]
    public Task Killed_a_hundred_times_the_harness_leaves_no_worker() => KillAtRandomMoments(100, seed: 2);

    private static async Task KillAtRandomMoments(int times, int seed)
    {
        RequireSetpriv();
        Random random = new(seed);
        for (int i = 0; i < times; i++)
        {
            string mark = $"mark-{Guid.NewGuid():N}";
            using Process harness = StartHarness(i % 2 == 0 ? "hang" : "spin", mark);

            // Most of this lies around the moment the worker starts.
            if (i % 4 != 0)
                await harness.StandardOutput.ReadLineAsync();
            await Task.Delay(random.Next(i % 4 == 0 ? 250 : 20));
            harness.Kill();
            await harness.WaitForExitAsync();
            Assert.That(
                await Dummy.Eventually(() => !Marked(mark)), Is.True, $"kill {i} of seed {seed} left a worker behind");
        }
    }

    private static Process StartHarness(string behaviour, string mark)
    {
        ProcessStartInfo start = new(Dummy.Executable, ["supervise", Dummy.Executable, behaviour, mark])
        {
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }

    /// <summary>Whether any process has the mark among its arguments.</summary>
    private static bool Marked(string mark)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(mark);
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (char.IsAsciiDigit(Path.GetFileName(directory)[0])
                    && File.ReadAllBytes(Path.Combine(directory, "cmdline")).AsSpan().IndexOf(wanted) >= 0)
                {
                    return true;
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return false;
    }

    private static void RequireSetpriv()
    {
        if (!File.Exists("/usr/bin/setpriv"))
            Assert.Ignore("setpriv (util-linux) is not installed");
    }
}
