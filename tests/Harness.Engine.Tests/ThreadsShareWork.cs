using Harness.Engine.Compute;
using NUnit.Framework;

namespace Harness.Engine.Tests;

/// <summary>The pool does every item once, with no more threads than asked, and survives what items throw.</summary>
internal sealed class ThreadsShareWork
{
    [Test]
    public void Every_item_is_done_once([Values(1, 2, 3, 7)] int workers)
    {
        using ComputePool pool = new(workers);
        int[] counts = new int[97];
        int highest = 0;
        for (int round = 1; round <= 2000; round++)
        {
            int items = round % counts.Length;
            Array.Clear(counts);
            pool.Run(items, (item, worker) =>
            {
                Interlocked.Increment(ref counts[item]);
                if (worker > Volatile.Read(ref highest))
                    Volatile.Write(ref highest, worker);
            });
            if (counts.Take(items).Any(c => c != 1) || counts.Skip(items).Any(c => c != 0))
                Assert.Fail($"Round {round}: {string.Join(' ', counts)}");
        }

        Assert.That(highest, Is.LessThan(workers));
    }

    [Test]
    public void Sleeping_threads_wake_for_more([Values(2, 4)] int workers)
    {
        using ComputePool pool = new(workers);
        for (int round = 0; round < 20; round++)
        {
            int done = 0;
            pool.Run(50, (_, _) => Interlocked.Increment(ref done));
            Assert.That(done, Is.EqualTo(50));
            Thread.Sleep(5);
        }
    }

    [Test]
    public void What_an_item_throws_reaches_the_caller([Values(1, 3)] int workers)
    {
        using ComputePool pool = new(workers);
        Assert.That(
            () => pool.Run(20, (item, _) =>
            {
                if (item == 13)
                    throw new InvalidOperationException("item 13");
            }),
            Throws.InvalidOperationException.With.Message.EqualTo("item 13"));

        int done = 0;
        pool.Run(20, (_, _) => Interlocked.Increment(ref done));
        Assert.That(done, Is.EqualTo(20));
    }

    [Test]
    public void Threads_end_with_the_pool()
    {
        ComputePool pool = new(4);
        pool.Run(10, (_, _) => { });
        pool.Dispose();
        pool.Dispose();
        Assert.That(() => pool.Run(10, (_, _) => { }), Throws.TypeOf<ObjectDisposedException>());
    }
}
