using System.Net;

namespace Harness.Hub;

/// <summary>
/// A file on the hub, read by ranged requests in growing pieces: a model's header is read without its weights.
/// Seekable, read-only, for one thread at a time. A server that ignores ranges is read in one go, forward.
/// </summary>
public sealed class HubFileStream : Stream
{
    private const int FirstPiece = 64 << 10;

    // Whoever reads a header must not fetch a MiB more than the header has: half of that is ours, half the reader's.
    private const int LargestPiece = 512 << 10;

    private readonly HubTransport _transport;
    private readonly Retries _retries;
    private readonly ResolvedFile _file;
    private byte[] _piece = [];
    private int _pieceLength;
    private long _pieceStart;
    private int _next = FirstPiece;
    private long _position;
    private HubResponse? _whole;
    private long _wholePosition;

    internal HubFileStream(HubTransport transport, Retries retries, ResolvedFile file) =>
        (_transport, _retries, _file) = (transport, retries, file);

    /// <summary>Bytes that came over the network so far.</summary>
    public long BytesFetched { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _file.Size;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (!TryCopy(buffer, out int copied) && buffer.Length > 0 && _position < Length)
        {
            FillAsync(CancellationToken.None).GetAwaiter().GetResult();
            TryCopy(buffer, out copied);
        }
        return copied;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _position >= Length)
            return 0;
        if (!TryCopy(buffer.Span, out int copied))
        {
            await FillAsync(cancellationToken).ConfigureAwait(false);
            TryCopy(buffer.Span, out copied);
        }
        return copied;
    }

    private bool TryCopy(Span<byte> buffer, out int copied)
    {
        long at = _position - _pieceStart;
        copied = 0;
        if (at < 0 || at >= _pieceLength)
            return false;
        copied = (int)Math.Min(buffer.Length, _pieceLength - at);
        _piece.AsSpan((int)at, copied).CopyTo(buffer);
        _position += copied;
        return true;
    }

    /// <summary>Fetches the piece at the position.</summary>
    private async Task FillAsync(CancellationToken cancellation)
    {
        bool goesOn = _position == _pieceStart + _pieceLength;
        _next = goesOn && _pieceLength > 0 ? Math.Min(_next * 2, LargestPiece) : FirstPiece;
        int length = (int)Math.Min(_next, Length - _position);
        byte[] piece = _piece.Length >= length ? _piece : new byte[length];
        _pieceLength = 0;
        await _retries.RunAsync(
            async c =>
            {
                await FetchAsync(_position, piece.AsMemory(0, length), c).ConfigureAwait(false);
                return true;
            },
            null, null, cancellation).ConfigureAwait(false);
        (_piece, _pieceStart, _pieceLength) = (piece, _position, length);
    }

    /// <summary>Fetches exactly a range, whichever way the server allows.</summary>
    internal async Task FetchAsync(long offset, Memory<byte> target, CancellationToken cancellation)
    {
        if (_whole is not null && _wholePosition > offset)
            CloseWhole();
        if (_whole is null)
        {
            HubResponse response = await _transport.SendAsync(
                new HubRequest(HttpMethod.Get, _file.Url, _file.Repo, Subject) { From = offset, To = offset + target.Length - 1 },
                cancellation).ConfigureAwait(false);
            if (response.Status == HttpStatusCode.OK)
            {
                // The server ignores ranges: this one answer is kept open and read on.
                (_whole, _wholePosition) = (response, 0);
            }
            else
            {
                using (response)
                {
                    if (response.Status != HttpStatusCode.PartialContent || response.Range?.From != offset
                        || response.Range.Length is { } total && total != _file.Size)
                        throw new HubException(
                            HubFailure.Mismatch, $"the server does not hold the promised {_file.Size} bytes, or sends another range than asked",
                            Subject, "run again; if it happens again, the hub's listing is wrong");
                    await ReadExactlyAsync(response, target).ConfigureAwait(false);
                }
                return;
            }
        }
        try
        {
            while (_wholePosition < offset)
            {
                int skip = (int)Math.Min(target.Length, offset - _wholePosition);
                await ReadExactlyAsync(_whole, target[..skip]).ConfigureAwait(false);
                _wholePosition += skip;
            }
            await ReadExactlyAsync(_whole, target).ConfigureAwait(false);
            _wholePosition += target.Length;
        }
        catch
        {
            CloseWhole();
            throw;
        }
    }

    private async Task ReadExactlyAsync(HubResponse response, Memory<byte> target)
    {
        while (target.Length > 0)
        {
            int read = await response.ReadAsync(target).ConfigureAwait(false);
            if (read == 0)
                throw new TransientException(new HubException(
                    HubFailure.Unavailable, "the server ended an answer early", Subject, "run again"));
            BytesFetched += read;
            target = target[read..];
        }
    }

    private string Subject => $"{_file.Repo}/{_file.Path}@{_file.Commit}";

    private void CloseWhole()
    {
        _whole?.Dispose();
        _whole = null;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        CloseWhole();
        base.Dispose(disposing);
    }
}
