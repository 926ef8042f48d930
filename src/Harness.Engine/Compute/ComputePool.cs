using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Harness.Engine.Compute;

/// <summary>One item of parallel work.</summary>
/// <param name="item">The item's index.</param>
/// <param name="worker">The index of the thread that computes it, for its own scratch memory.</param>
internal delegate void ParallelBody(int item, int worker);

/// <summary>
/// A fixed set of threads that share work item by item. The caller is worker 0 and works along, so a pool of n starts
/// n − 1 threads and never uses more than n. Idle workers spin a moment, since a decoder's next operation is
/// microseconds away, then sleep. Which worker computes an item never changes the result. Nothing is allocated by
/// <see cref="Run"/>.
/// </summary>
internal sealed class ComputePool : IDisposable
{
    /// <summary>Most items of one <see cref="Run"/>.</summary>
    public const int MaxItems = (1 << ItemBits) - 1;

    // A ticket is [generation | items | next]: one atomic increment takes an item and tells, consistently, how many
    // items its generation has. A worker that comes late gets an index past the end and touches nothing.
    private const int ItemBits = 24;

    // About the time between two operations of a decoder, with room; a sleeping thread costs tens of microseconds to wake.
    private const int SpinsBeforeSleep = 400;

    private readonly Thread[] threads;
    private readonly Lock running = new();
    private readonly object gate = new();
    private PaddedCounter ticket;
    private PaddedCounter completed;
    private ParallelBody? body;
    private Exception? failure;
    private int sleeping;
    private volatile bool disposed;

    /// <summary>Starts the threads.</summary>
    /// <param name="workers">Threads that compute, the caller's included; at least 1.</param>
    public ComputePool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        threads = new Thread[workers - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => WorkLoop(worker))
            {
                IsBackground = true,
                Name = string.Create(CultureInfo.InvariantCulture, $"harness compute {worker}"),
            };
            threads[i].Start();
        }
    }

    /// <summary>Threads that compute, the caller's included.</summary>
    public int Workers { get; }

    /// <summary>Runs items 0 to <paramref name="items"/> − 1 and returns when all are done.</summary>
    /// <param name="items">How many; at most <see cref="MaxItems"/>.</param>
    /// <param name="work">The work; an exception it throws stops no other item and is thrown here.</param>
    public void Run(int items, ParallelBody work)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(items, MaxItems);
        ObjectDisposedException.ThrowIf(disposed, this);
        if (threads.Length == 0 || items <= 1)
        {
            for (int item = 0; item < items; item++)
                work(item, 0);
            return;
        }

        lock (running)
        {
            body = work;
            failure = null;
            Volatile.Write(ref completed.Value, 0);
            long generation = (Volatile.Read(ref ticket.Value) >> (2 * ItemBits)) + 1;
            Interlocked.Exchange(ref ticket.Value, (generation << (2 * ItemBits)) | ((long)items << ItemBits));

            // The exchange is a full fence: either a worker about to sleep sees the ticket, or its count is seen here.
            if (Volatile.Read(ref sleeping) > 0)
            {
                lock (gate)
                    Monitor.PulseAll(gate);
            }

            TakeItems(0);

            var spin = default(SpinWait);
            while (Volatile.Read(ref completed.Value) < items)
                spin.SpinOnce(sleep1Threshold: -1);

            body = null;
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (disposed)
            return;

        disposed = true;
        lock (gate)
            Monitor.PulseAll(gate);
        foreach (Thread thread in threads)
            thread.Join();
    }

    private void WorkLoop(int worker)
    {
        while (!disposed)
        {
            if (HasWork())
                TakeItems(worker);
            else
                AwaitWork();
        }
    }

    private void TakeItems(int worker)
    {
        while (true)
        {
            long taken = Interlocked.Increment(ref ticket.Value);
            int item = (int)(taken & MaxItems) - 1;
            int items = (int)(taken >> ItemBits) & MaxItems;
            if (item >= items)
                return;

            // The item is not done, so neither is its generation: the body is the one it belongs to.
            try
            {
                body!(item, worker);
            }
#pragma warning disable CA1031 // Whatever a work item throws belongs to the caller of Run.
            catch (Exception exception)
            {
                _ = Interlocked.CompareExchange(ref failure, exception, null);
            }
#pragma warning restore CA1031

            _ = Interlocked.Increment(ref completed.Value);
        }
    }

    private bool HasWork()
    {
        long now = Volatile.Read(ref ticket.Value);
        return (int)(now & MaxItems) < ((int)(now >> ItemBits) & MaxItems);
    }

    private void AwaitWork()
    {
        for (int i = 0; i < SpinsBeforeSleep; i++)
        {
            if (HasWork() || disposed)
                return;
            Thread.SpinWait(20);
        }

        lock (gate)
        {
            _ = Interlocked.Increment(ref sleeping);
            while (!HasWork() && !disposed)
                _ = Monitor.Wait(gate);
            _ = Interlocked.Decrement(ref sleeping);
        }
    }

    /// <summary>A counter with a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedCounter
    {
        [FieldOffset(64)]
        public long Value;
    }
}
