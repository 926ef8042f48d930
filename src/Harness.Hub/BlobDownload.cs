using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Harness.Hub;

/// <summary>
/// Brings one blob onto the disk: from where an earlier process stopped, hashed as it comes, renamed when it is right.
/// The caller holds the blob's lock.
/// </summary>
internal sealed class BlobDownload : IDisposable
{
    private const int BufferSize = 1 << 20;
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(100);

    private readonly HubTransport _transport;
    private readonly Retries _retries;
    private readonly ResolvedFile _file;
    private readonly string _incomplete;
    private readonly IProgress<HubProgress>? _progress;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan? _reported;
    private ContentHash _hash;
    private long _position;
    private long _atLastFailure;

    public BlobDownload(HubTransport transport, Retries retries, ResolvedFile file, string incomplete, IProgress<HubProgress>? progress)
    {
        (_transport, _retries, _file, _incomplete, _progress) = (transport, retries, file, incomplete, progress);
        _hash = ContentHash.For(file);
    }

    /// <summary>Bytes that came over the network.</summary>
    public long Fetched { get; private set; }

    /// <summary>Fetches what is missing and verifies the whole.</summary>
    /// <exception cref="HubException"><see cref="HubFailure.Mismatch"/>: the bytes were wrong and are removed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        FileStream target;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_incomplete)!);
            target = new FileStream(_incomplete, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HubCache.DiskFailure(_incomplete, e);
        }

        string got;
        try
        {
            using (target)
            {
                await HashWhatIsThereAsync(target, cancellation).ConfigureAwait(false);
                await _retries.RunAsync(
                    async c =>
                    {
                        await FetchRestAsync(target, c).ConfigureAwait(false);
                        return true;
                    },
                    HasProgressed, note => Report(note), cancellation).ConfigureAwait(false);
                got = _hash.Finish();
            }
        }
        catch (HubException e) when (e.Failure == HubFailure.Mismatch)
        {
            HubCache.Guard(_incomplete, () => File.Delete(_incomplete));
            throw;
        }
        if (got != _file.Etag)
        {
            HubCache.Guard(_incomplete, () => File.Delete(_incomplete));
            throw Mismatch(
                $"the {_hash.Name} of the downloaded bytes is not the promised one: expected {_file.Etag}, got {got}",
                "the wrong bytes are removed; run again, and if it happens again the hub, a proxy or the disk is at fault");
        }
        Report(null, force: true);
    }

    private async Task HashWhatIsThereAsync(FileStream target, CancellationToken cancellation)
    {
        try
        {
            if (target.Length > _file.Size)
                target.SetLength(0);
            while (_position < target.Length)
            {
                int read = await RandomAccess.ReadAsync(target.SafeFileHandle, _buffer, _position, cancellation).ConfigureAwait(false);
                if (read == 0)
                    break;
                _hash.Append(_buffer.AsSpan(0, read));
                _position += read;
            }
        }
        catch (IOException e)
        {
            throw HubCache.DiskFailure(_incomplete, e);
        }
        _atLastFailure = _position;
        if (_position > 0)
            Report(string.Create(CultureInfo.InvariantCulture, $"going on at byte {_position} of {_file.Size}"));
    }

    private async Task FetchRestAsync(FileStream target, CancellationToken cancellation)
    {
        if (_position == _file.Size)
            return;
        using HubResponse response = await _transport.SendAsync(
            new HubRequest(HttpMethod.Get, _file.Url, _file.Repo, Subject) { From = _position > 0 ? _position : null },
            cancellation).ConfigureAwait(false);

        switch (response.Status)
        {
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                if (response.Range?.Length is { } whole && whole != _file.Size)
                    throw WrongSize(whole);
                StartOver(target);
                throw new TransientException(new HubException(
                    HubFailure.Protocol, $"the server refuses a range within the file's {_file.Size} bytes", Subject, "run again: it starts over"));
            case HttpStatusCode.PartialContent:
                if (response.Range is not { HasRange: true, From: { } from } || from != _position)
                    throw new HubException(
                        HubFailure.Protocol, "the server sends another range than it was asked for", Subject, "check HF_ENDPOINT and proxies on the way");
                if (response.Range.Length is { } total && total != _file.Size)
                    throw WrongSize(total);
                break;
            case HttpStatusCode.OK:
                if (response.Length is { } length && length != _file.Size)
                    throw WrongSize(length);
                if (_position > 0)
                {
                    StartOver(target);
                    Report("the server cannot go on in the middle of a file; starting over");
                }
                break;
            default:
                throw new HubException(
                    HubFailure.Protocol, string.Create(CultureInfo.InvariantCulture, $"unexpected status {(int)response.Status}"), Subject, "check HF_ENDPOINT");
        }

        for (int read; (read = await response.ReadAsync(_buffer).ConfigureAwait(false)) > 0;)
        {
            if (_position + read > _file.Size)
                throw Mismatch($"the server sends more than the promised {_file.Size} bytes", "run again; if it happens again, the hub's listing is wrong");
            ReadOnlyMemory<byte> bytes = _buffer.AsMemory(0, read);
            try
            {
                await RandomAccess.WriteAsync(target.SafeFileHandle, bytes, _position, cancellation).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw HubCache.DiskFailure(_incomplete, e);
            }
            _hash.Append(bytes.Span);
            _position += read;
            Fetched += read;
            Report(null);
        }
        if (_position < _file.Size)
            throw new TransientException(Mismatch(
                $"the server ended after {_position} of the promised {_file.Size} bytes",
                "run again; if it happens again, the hub's listing is wrong"));
    }

    /// <summary>Whether enough came since the last failure: a server that gives a byte a try must not keep us for ever.</summary>
    private bool HasProgressed()
    {
        bool enough = _position - _atLastFailure >= Math.Clamp(_file.Size / 100, 1, 1 << 20);
        _atLastFailure = _position;
        return enough;
    }

    private void StartOver(FileStream target)
    {
        try
        {
            target.SetLength(0);
        }
        catch (IOException e)
        {
            throw HubCache.DiskFailure(_incomplete, e);
        }
        _position = 0;
        _hash.Dispose();
        _hash = ContentHash.For(_file);
    }

    private string Subject => $"{_file.Repo}/{_file.Path}@{_file.Commit}";

    private HubException WrongSize(long size) => Mismatch(
        $"the server sends {size} bytes, the listing promised {_file.Size}", "run again; if it happens again, the hub's listing is wrong");

    private HubException Mismatch(string what, string advice) => new(HubFailure.Mismatch, what, Subject, advice);

    private void Report(string? note, bool force = false)
    {
        TimeSpan now = _clock.Elapsed;
        if (_progress is null || note is null && !force && now - _reported < ReportEvery)
            return;
        _reported = now;
        double rate = now > TimeSpan.Zero ? Fetched / now.TotalSeconds : 0;
        _progress.Report(new HubProgress(_file.Path, _position, _file.Size, rate, note));
    }

    public void Dispose() => _hash.Dispose();
}
