using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Harness.Workers.Processes;

/// <summary>
/// One thread that starts all children and lives as long as they may: Linux delivers a child's parent-death signal when
/// the <em>thread</em> that started it ends, so a thread of the pool will not do.
/// </summary>
internal sealed class Spawner : IDisposable
{
    private readonly BlockingCollection<Action> work = [];
    private readonly Thread thread;

    public Spawner()
    {
        thread = new Thread(Run, 256 << 10) { IsBackground = true, Name = "worker spawner" };
        thread.Start();
    }

    /// <summary>Runs a start on the thread and hands back what it returned or threw.</summary>
    public T Start<T>(Func<T> start)
    {
        using ManualResetEventSlim done = new();
        T? started = default;
        ExceptionDispatchInfo? failure = null;
        work.Add(() =>
        {
            try
            {
                started = start();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
        return started!;
    }

    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private void Run()
    {
        foreach (Action action in work.GetConsumingEnumerable())
            action();
    }
}
