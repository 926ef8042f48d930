using System.Diagnostics;
using Harness.Workers;

namespace Harness.Runner.Cells;

/// <summary>
/// Workers by backend. Each variant gets a process of its own, so that peak memory means something; probes share one
/// process a backend, and then no memory is reported.
/// </summary>
/// <param name="launcher">Starts processes.</param>
internal sealed class WorkerPool(WorkerLauncher launcher) : IAsyncDisposable
{
    private readonly Dictionary<string, Worker> _shared = [];

    /// <summary>A worker, said hello to.</summary>
    /// <param name="command">How it is started.</param>
    /// <param name="limits">What it may take.</param>
    /// <param name="share">Whether it may be one that served other cells, and may serve more.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <exception cref="WorkerException">It could not be started or did not answer.</exception>
    public async Task<Worker> AcquireAsync(WorkerCommand command, WorkerLimits limits, bool share, CancellationToken cancellation)
    {
        string key = command.ToString();
        if (share && _shared.Remove(key, out Worker? idle))
        {
            if (idle.Session.IsAlive && idle.Limits == limits) return idle with { Start = null };
            await idle.Session.DisposeAsync().ConfigureAwait(false);
        }

        long start = Stopwatch.GetTimestamp();
        WorkerSession session = launcher.Start(command, limits);
        try
        {
            Answer<WorkerHello> hello = await session.HelloAsync(cancellation).ConfigureAwait(false);
            return new Worker(key, session, hello.Value, limits, Stopwatch.GetElapsedTime(start), share && hello.Value.Reload);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Gives a worker back, or ends it.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="healthy">Whether it may serve on.</param>
    /// <returns>How it ended; null when it goes on.</returns>
    public async Task<WorkerEnd?> ReleaseAsync(Worker worker, bool healthy)
    {
        if (healthy && worker.Share && worker.Session.IsAlive)
        {
            _shared[worker.Key] = worker;
            return null;
        }

        if (healthy)
        {
            WorkerEnd end = await worker.Session.ExitAsync().ConfigureAwait(false);
            await worker.Session.DisposeAsync().ConfigureAwait(false);
            return end;
        }

        await worker.Session.DisposeAsync().ConfigureAwait(false);
        return await worker.Session.Ended.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Worker worker in _shared.Values)
        {
            await worker.Session.ExitAsync().ConfigureAwait(false);
            await worker.Session.DisposeAsync().ConfigureAwait(false);
        }

        _shared.Clear();
    }
}

/// <summary>A worker that answered hello.</summary>
/// <param name="Key">The command that started it.</param>
/// <param name="Session">The conversation.</param>
/// <param name="Hello">What it said.</param>
/// <param name="Limits">What it may take.</param>
/// <param name="Start">From its start to its hello; null when it served before.</param>
/// <param name="Share">Whether it serves several models.</param>
internal sealed record Worker(string Key, WorkerSession Session, WorkerHello Hello, WorkerLimits Limits, TimeSpan? Start, bool Share);
