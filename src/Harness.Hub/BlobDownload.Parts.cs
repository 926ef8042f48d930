using System.Net;

namespace Harness.Hub;

/// <summary>
/// Several connections for one file: each fetches the next part into memory, and the parts are appended in order. A
/// stopped download therefore leaves a plain beginning of the file, and memory is bounded by the parts under way.
/// </summary>
internal sealed partial class BlobDownload
{
    private const int SmallestPart = 1 << 20;

    private async Task FetchPartsAsync(BlobFile blob, Uri storage, long rate, CancellationToken cancellation)
    {
        // About a second of one connection: long enough for a request to be worth its while.
        int size = (int)Math.Clamp(rate, Math.Min(SmallestPart, options.PartSize), options.PartSize);
        var ring = new BufferRing(connections + 2, size);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var parts = new Queue<Task<(byte[] Buffer, int Length)>>();
        long next = blob.Position;
        void Ask()
        {
            for (; parts.Count < connections && next < file.Size; next += size)
                parts.Enqueue(FetchPartAsync(ring, storage, next, (int)Math.Min(size, file.Size - next), all.Token));
        }

        try
        {
            for (Ask(); parts.Count > 0;)
            {
                (byte[] buffer, int length) = await parts.Peek().ConfigureAwait(false);
                _ = parts.Dequeue();
                Ask();
                blob.Append(buffer.AsMemory(0, length), () => ring.Return(buffer));
            }
        }
        finally
        {
            // None may write into a buffer, or count, after this.
            await all.CancelAsync().ConfigureAwait(false);
            foreach (Task part in parts)
                await part.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Exchange(ref _fetched, Math.Max(0, blob.Position - _there));
        }
    }

    private async Task<(byte[] Buffer, int Length)> FetchPartAsync(BufferRing ring, Uri storage, long from, int length, CancellationToken cancellation)
    {
        byte[] buffer = await ring.RentAsync(cancellation).ConfigureAwait(false);
        int got = 0, atLastFailure = 0;
        Uri address = storage;
        bool Progressed()
        {
            bool more = got > atLastFailure;
            atLastFailure = got;
            // The address may have expired: the hub gives a fresh one.
            address = file.Url;
            return more;
        }

        await retries.RunAsync(
            async c =>
            {
                using HubResponse response = await transport.SendAsync(
                    new HubRequest(HttpMethod.Get, address, file.Repo, Subject) { From = from + got, To = from + length - 1 }, c).ConfigureAwait(false);
                CheckIdentity(response);
                if (response.Status != HttpStatusCode.PartialContent)
                    throw new HubException(
                        HubFailure.Protocol, "the server stopped answering with the ranges it is asked for", Subject, "check HF_ENDPOINT and proxies on the way, then run again: the download goes on where it stopped");
                CheckRange(response, from + got);
                while (got < length)
                {
                    int read = await response.ReadAsync(buffer.AsMemory(got, length - got)).ConfigureAwait(false);
                    if (read == 0)
                        throw new TransientException(Mismatch(
                            $"the server ended after {from + got} of the promised {file.Size} bytes", "run again; if it happens again, the hub's listing is wrong"));
                    got += read;
                    Interlocked.Add(ref _fetched, read);
                    Report(null);
                }

                return true;
            },
            Progressed, note => Report(note), cancellation).ConfigureAwait(false);
        return (buffer, length);
    }
}
