using Harness.Workers;

namespace Harness.Dummies;

/// <summary>
/// A small harness of its own: starts a worker, says its process id on stdout and waits to be killed.
/// </summary>
internal static class Supervise
{
    public static async Task<int> RunAsync(string[] worker)
    {
        using WorkerLauncher launcher = new();
        await using WorkerSession session = launcher.Start(new WorkerCommand(worker[0], worker[1..]));
        Console.WriteLine(session.ProcessId);
        await Console.Out.FlushAsync().ConfigureAwait(false);
        await Task.Delay(Timeout.Infinite).ConfigureAwait(false);
        return 0;
    }
}
