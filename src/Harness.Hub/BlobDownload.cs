using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Harness.Hub;

/// <summary>
/// Brings one blob onto the disk: from where an earlier process stopped, over as many connections as it takes, hashed as
/// it comes. The caller holds the blob's lock, and names the file when it is right.
/// </summary>
internal sealed partial class BlobDownload(
    HubTransport transport, Retries retries, HubOptions options, ResolvedFile file, string incomplete, int connections, IProgress<HubProgress>? progress)
{
    private const int BufferSize = 1 << 20;
    private const int Buffers = 4;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AppendEvery = TimeSpan.FromMilliseconds(50);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _reporting = new();
    private TimeSpan? _reported;
    private long _there;
    private long _fetched;
    private long _atLastFailure;

    /// <summary>Bytes that came over the network.</summary>
    public long Fetched => Interlocked.Read(ref _fetched);

    private string Subject => $"{file.Repo}/{file.Path}@{file.Commit}";

    /// <summary>Fetches what is missing and verifies the whole.</summary>
    /// <exception cref="HubException"><see cref="HubFailure.Mismatch"/>: the bytes were wrong and are removed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        string got, name;
        try
        {
            using var blob = new BlobFile(file, incomplete);
            await blob.ResumeAsync(cancellation).ConfigureAwait(false);
            _there = _atLastFailure = blob.Position;
            if (blob.Position > 0)
                Report(string.Create(CultureInfo.InvariantCulture, $"going on at byte {blob.Position} of {file.Size}"));
            await retries.RunAsync(
                async c =>
                {
                    await FetchRestAsync(blob, c).ConfigureAwait(false);
                    return true;
                },
                () => HasProgressed(blob), note => Report(note), cancellation).ConfigureAwait(false);
            (got, name) = (await blob.FinishAsync().ConfigureAwait(false), blob.HashName);
        }
        catch (HubException e) when (e.Failure == HubFailure.Mismatch)
        {
            HubCache.Guard(incomplete, () => File.Delete(incomplete));
            throw;
        }
        if (got != file.Etag)
        {
            HubCache.Guard(incomplete, () => File.Delete(incomplete));
            throw Mismatch(
                $"the {name} of the downloaded bytes is not the promised one: expected {file.Etag}, got {got}",
                "the wrong bytes are removed; run again, and if it happens again the hub, a proxy or the disk is at fault");
        }
        Report(null, force: true);
    }

    /// <summary>Fetches by one connection; where that is slow and much is left, goes on by several.</summary>
    private async Task FetchRestAsync(BlobFile blob, CancellationToken cancellation)
    {
        if (blob.Position == file.Size)
            return;
        Uri storage;
        long rate;
        using (HubResponse response = await transport.SendAsync(
            new HubRequest(HttpMethod.Get, file.Url, file.Repo, Subject) { From = blob.Position > 0 ? blob.Position : null },
            cancellation).ConfigureAwait(false))
        {
            if (await BeginsAtAsync(response, blob).ConfigureAwait(false))
                Report("the server cannot go on in the middle of a file; starting over");
            rate = await ReadAsync(response, blob, cancellation).ConfigureAwait(false);
            if (blob.Position == file.Size)
                return;
            storage = response.Uri;
        }

        await FetchPartsAsync(blob, storage, rate, cancellation).ConfigureAwait(false);
    }

    /// <summary>Checks where an answer begins; one that begins at the start makes the file begin there.</summary>
    /// <returns>Whether bytes that were there had to go.</returns>
    private async Task<bool> BeginsAtAsync(HubResponse response, BlobFile blob)
    {
        CheckIdentity(response);
        switch (response.Status)
        {
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                if (response.Range?.Length is { } whole && whole != file.Size)
                    throw WrongSize(whole);
                await blob.StartOverAsync().ConfigureAwait(false);
                throw new TransientException(new HubException(
                    HubFailure.Protocol, $"the server refuses a range within the file's {file.Size} bytes", Subject, "run again: it starts over"));
            case HttpStatusCode.PartialContent:
                CheckRange(response, blob.Position);
                return false;
            case HttpStatusCode.OK:
                if (response.Length is { } length && length != file.Size)
                    throw WrongSize(length);
                if (blob.Position == 0)
                    return false;
                await blob.StartOverAsync().ConfigureAwait(false);
                _there = 0;
                return true;
            default:
                throw new HubException(
                    HubFailure.Protocol, string.Create(CultureInfo.InvariantCulture, $"unexpected status {(int)response.Status}"), Subject, "check HF_ENDPOINT");
        }
    }

    /// <summary>Appends an answer's body; leaves it early when more connections would help.</summary>
    /// <returns>Bytes a second.</returns>
    private async Task<long> ReadAsync(HubResponse response, BlobFile blob, CancellationToken cancellation)
    {
        var ring = new BufferRing(Buffers, BufferSize);
        bool ranged = response.Status == HttpStatusCode.PartialContent || response.AcceptsRanges;
        long began = Stopwatch.GetTimestamp(), from = blob.Position;
        long Rate() => (long)((blob.Position - from) / Math.Max(1e-3, Stopwatch.GetElapsedTime(began).TotalSeconds));
        for (bool ended = false; !ended;)
        {
            byte[] buffer = await ring.RentAsync(cancellation).ConfigureAwait(false);
            int filled;
            try
            {
                (filled, ended) = await FillAsync(response, buffer).ConfigureAwait(false);
                if (blob.Position + filled > file.Size)
                    throw Mismatch($"the server sends more than the promised {file.Size} bytes", "run again; if it happens again, the hub's listing is wrong");
            }
            catch (PartlyReadException e)
            {
                // What came before the break is kept: that is where the next try goes on.
                int kept = (int)Math.Min(e.Read, file.Size - blob.Position);
                blob.Append(buffer.AsMemory(0, kept), () => { });
                Interlocked.Add(ref _fetched, kept);
                throw e.Failure;
            }

            blob.Append(buffer.AsMemory(0, filled), () => ring.Return(buffer));
            Interlocked.Add(ref _fetched, filled);
            Report(null);
            if (!ended && ranged && connections > 1 && file.Size - blob.Position >= options.PartsFrom
                && Stopwatch.GetElapsedTime(began) >= options.ProbeTime && Rate() < options.FastConnection)
                return Rate();
        }

        if (blob.Position < file.Size)
            throw new TransientException(Mismatch(
                $"the server ended after {blob.Position} of the promised {file.Size} bytes",
                "run again; if it happens again, the hub's listing is wrong"));
        return Rate();
    }

    /// <summary>
    /// Reads until a quarter of the buffer is full, for many small appends would cost more than they bring; but not for
    /// long: what came shall be on the disk.
    /// </summary>
    private static async Task<(int Filled, bool Ended)> FillAsync(HubResponse response, byte[] buffer)
    {
        int filled = 0;
        long began = Stopwatch.GetTimestamp();
        try
        {
            while (filled < buffer.Length / 4 && (filled == 0 || Stopwatch.GetElapsedTime(began) < AppendEvery))
            {
                int read = await response.ReadAsync(buffer.AsMemory(filled)).ConfigureAwait(false);
                if (read == 0)
                    return (filled, true);
                filled += read;
            }
        }
        catch (TransientException e) when (filled > 0)
        {
            throw new PartlyReadException(filled, e);
        }

        return (filled, false);
    }

    /// <summary>A connection that broke with bytes in hand.</summary>
    private sealed class PartlyReadException(int read, TransientException failure) : Exception(failure.Message, failure)
    {
        public int Read => read;

        public TransientException Failure => failure;
    }

    /// <summary>Whether enough came since the last failure: a server that gives a byte a try must not keep us for ever.</summary>
    private bool HasProgressed(BlobFile blob)
    {
        bool enough = blob.Position - _atLastFailure >= Math.Clamp(file.Size / 100, 1, 1 << 20);
        _atLastFailure = blob.Position;
        return enough;
    }

    /// <summary>The hub and its storage say by the ETag what they hold: another file is seen before its bytes come.</summary>
    private void CheckIdentity(HubResponse response)
    {
        foreach (string? etag in (ReadOnlySpan<string?>)[response.LinkedEtag, response.Etag])
        {
            // Storage that names files by something else says nothing.
            if (etag is not null && file.Etag is { } promised && HubNames.IsHex(etag, promised.Length) && promised.Length == 64 && etag != promised)
                throw Mismatch($"the server holds another file now: its hash is {etag}, promised was {promised}", "run again: the repository is asked anew");
        }
    }

    private void CheckRange(HubResponse response, long from)
    {
        if (response.Range is not { HasRange: true, From: { } begins } || begins != from)
            throw new HubException(
                HubFailure.Protocol, "the server sends another range than it was asked for", Subject, "check HF_ENDPOINT and proxies on the way");
        if (response.Range.Length is { } total && total != file.Size)
            throw WrongSize(total);
    }

    private HubException WrongSize(long size) => Mismatch(
        $"the server sends {size} bytes, the listing promised {file.Size}", "run again; if it happens again, the hub's listing is wrong");

    private HubException Mismatch(string what, string advice) => new(HubFailure.Mismatch, what, Subject, advice);

    private void Report(string? note, bool force = false)
    {
        if (progress is null)
            return;
        TimeSpan now = _clock.Elapsed;
        lock (_reporting)
        {
            if (note is null && !force && now - _reported < ReportEvery)
                return;
            _reported = now;
        }

        double rate = now > TimeSpan.Zero ? Fetched / now.TotalSeconds : 0;
        progress.Report(new HubProgress(file.Path, Math.Min(file.Size, _there + Fetched), file.Size, rate, note));
    }
}
