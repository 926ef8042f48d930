using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>
/// A child on Windows: in a job object that ends with the harness, its pipes read by two threads (anonymous pipes
/// cannot be polled there).
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsChild : IChild
{
    private readonly Process process;
    private readonly JobObject job;
    private readonly SemaphoreSlim activity = new(0);
    private readonly Feed output;
    private readonly Feed errors;

    private WindowsChild(Process process, JobObject job)
    {
        this.process = process;
        this.job = job;
        output = new Feed(process.StandardOutput.BaseStream, activity);
        errors = new Feed(process.StandardError.BaseStream, activity);
    }

    public int Id => process.Id;

    public static WindowsChild Start(
        string path, IEnumerable<string> arguments, IDictionary environment, string? directory)
    {
        ProcessStartInfo start = new(path, arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        start.Environment.Clear();
        foreach (DictionaryEntry entry in environment)
            start.Environment[(string)entry.Key] = (string?)entry.Value;
        JobObject job = new();
        Process process = Process.Start(start) ?? throw new IOException("the system started no process");
        job.Add(process.SafeHandle);
        return new WindowsChild(process, job);
    }

    public ChildActivity Wait(TimeSpan atMost, bool wantsToWrite)
    {
        ChildActivity Ready() =>
            (output.Ready ? ChildActivity.Output : 0) | (errors.Ready ? ChildActivity.Errors : 0)
            | (wantsToWrite ? ChildActivity.Writable : 0);

        if (Ready() == ChildActivity.None)
            activity.Wait(atMost);
        return Ready();
    }

    public void Wake() => activity.Release();

    public int ReadOutput(Span<byte> buffer) => output.Read(buffer);

    public int ReadErrors(Span<byte> buffer) => errors.Read(buffer);

    public int Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            process.StandardInput.BaseStream.Write(bytes);
            process.StandardInput.BaseStream.Flush();
            return bytes.Length;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return -1;
        }
    }

    public void CloseInput() => process.StandardInput.Close();

    public bool HasEnded() => process.HasExited;

    public void KillGroup() => job.Terminate();

    public ChildStatus Reap()
    {
        process.WaitForExit();
        long? peak = process.HasExited ? null : process.PeakWorkingSet64;
        job.Terminate();
        return new ChildStatus(process.ExitCode, null, peak, process.TotalProcessorTime);
    }

    public long? ResidentBytes(bool withDescendants) => Read(() => process.WorkingSet64);

    public long? PeakResidentBytes() => Read(() => process.PeakWorkingSet64);

    public void Dispose()
    {
        job.Dispose();
        process.Dispose();
        output.Dispose();
        errors.Dispose();
    }

    private long? Read(Func<long> figure)
    {
        try
        {
            process.Refresh();
            return figure();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>One pipe, read ahead by at most a few buffers.</summary>
    private sealed class Feed : IDisposable
    {
        private readonly BlockingCollection<byte[]> chunks = new(4);
        private byte[] chunk = [];
        private int at;
        private bool finished;

        public Feed(Stream stream, SemaphoreSlim activity) =>
            new Thread(() => Pump(stream, activity)) { IsBackground = true }.Start();

        public bool Ready => !finished && (at < chunk.Length || chunks.Count > 0 || chunks.IsCompleted);

        public int Read(Span<byte> buffer)
        {
            if (at >= chunk.Length)
            {
                if (!chunks.TryTake(out byte[]? next))
                {
                    finished = chunks.IsCompleted;
                    return finished ? 0 : -1;
                }

                (chunk, at) = (next, 0);
            }

            int count = Math.Min(buffer.Length, chunk.Length - at);
            chunk.AsSpan(at, count).CopyTo(buffer);
            at += count;
            return count;
        }

        public void Dispose() => chunks.Dispose();

        private void Pump(Stream stream, SemaphoreSlim activity)
        {
            byte[] buffer = new byte[64 << 10];
            try
            {
                for (int count; (count = stream.Read(buffer)) > 0; activity.Release())
                    chunks.Add(buffer[..count]);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The end, as far as a reader can tell.
            }

            try
            {
                chunks.CompleteAdding();
                activity.Release();
            }
            catch (ObjectDisposedException)
            {
                // Nobody listens any more.
            }
        }
    }
}
