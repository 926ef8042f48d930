using Microsoft.Win32.SafeHandles;

namespace Harness.Formats.Gguf;

/// <summary>Writes a planned file to disk with several threads, under a name of its own until it is whole.</summary>
internal static class GgufSaver
{
    public static void Save(GgufPlan plan, string path, int threads, IProgress<long>? progress, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        string partial = path + ".partial";
        try
        {
            // Reserving the room first tells of a full disk before the work, not after it.
            using (SafeFileHandle file = File.OpenHandle(
                partial, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, plan.FileLength))
            {
                RandomAccess.Write(file, plan.Header, 0);
                WriteChunks(plan, file, threads, progress, cancellation);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static void WriteChunks(
        GgufPlan plan, SafeFileHandle file, int threads, IProgress<long>? progress, CancellationToken cancellation)
    {
        using IEnumerator<GgufPlan.Chunk> chunks = plan.Chunks().GetEnumerator();
        long written = plan.Header.Length;
        Exception? failure = null;

        // Each thread keeps one buffer: memory does not grow with the file.
        var workers = new Thread[threads - 1];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(Work) { IsBackground = true, Name = "GGUF writer" };
            workers[i].Start();
        }

        Work();
        foreach (Thread worker in workers)
            worker.Join();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);

        void Work()
        {
            byte[] buffer = [];
            try
            {
                while (Volatile.Read(ref failure) is null && TryNext(out GgufPlan.Chunk chunk))
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (buffer.Length < chunk.Length)
                        buffer = GC.AllocateUninitializedArray<byte>(chunk.Length);
                    Span<byte> bytes = buffer.AsSpan(0, chunk.Length);
                    plan.Fill(chunk, bytes);
                    RandomAccess.Write(file, bytes, chunk.Position);
                    progress?.Report(Interlocked.Add(ref written, chunk.Length));
                }
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }

        bool TryNext(out GgufPlan.Chunk chunk)
        {
            lock (chunks)
            {
                bool more = chunks.MoveNext();
                chunk = more ? chunks.Current : default;
                return more;
            }
        }
    }
}
