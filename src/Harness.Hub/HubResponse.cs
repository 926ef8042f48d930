using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Harness.Hub;

/// <summary>An answer with its headers read and its body still to come.</summary>
internal sealed class HubResponse : IDisposable
{
    private readonly HubOptions _options;
    private readonly HubRequest _request;
    private readonly HttpResponseMessage _message;
    private readonly CancellationTokenSource _stall;
    private Stream? _body;

    public HubResponse(HubOptions options, HubRequest request, HttpResponseMessage message, Uri uri, CancellationToken cancellation)
    {
        _options = options;
        _request = request;
        _message = message;
        Uri = uri;
        _stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Cancellation = cancellation;
    }

    private CancellationToken Cancellation { get; }

    /// <summary>Where the answer came from, after redirects.</summary>
    public Uri Uri { get; }

    /// <summary>The commit, from any answer on the way.</summary>
    public string? Commit { get; init; }

    /// <summary>sha256 of a large file, from any answer on the way.</summary>
    public string? LinkedEtag { get; init; }

    /// <summary>Size of a large file, from any answer on the way.</summary>
    public long? LinkedSize { get; init; }

    public HttpStatusCode Status => _message.StatusCode;

    public HttpResponseHeaders Headers => _message.Headers;

    /// <summary>Length of this body, when announced.</summary>
    public long? Length => _message.Content.Headers.ContentLength;

    /// <summary>Which part of the whole this is.</summary>
    public ContentRangeHeaderValue? Range => _message.Content.Headers.ContentRange;

    /// <summary>Whether the server says that it answers ranges.</summary>
    public bool AcceptsRanges => _message.Headers.AcceptRanges.Contains("bytes");

    /// <summary>The ETag without <c>W/</c> and quotes.</summary>
    public string? Etag => HubTransport.PlainEtag(HubTransport.Header(_message, "ETag"));

    /// <summary>Reads some bytes; 0 at the end. Silence and broken connections are <see cref="TransientException"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        _stall.CancelAfter(_options.StallTimeout);
        try
        {
            _body ??= await _message.Content.ReadAsStreamAsync(_stall.Token).ConfigureAwait(false);
            return await _body.ReadAsync(buffer, _stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            throw Broken(string.Create(CultureInfo.InvariantCulture, $"no bytes for {_options.StallTimeout.TotalSeconds:0.#} s"), null);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Broken("the connection broke in the middle of a transfer", e);
        }
        finally
        {
            if (!_stall.IsCancellationRequested)
                _stall.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Reads the whole body, which must not be longer than <paramref name="limit"/>.</summary>
    public async Task<byte[]> ReadAllAsync(int limit)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        for (int read; (read = await ReadAsync(buffer).ConfigureAwait(false)) > 0;)
        {
            if (bytes.Length + read > limit)
                throw new HubException(
                    HubFailure.Protocol, $"the hub's answer is longer than {limit} bytes",
                    $"{_request.Subject} ({Redaction.Address(Uri)})", "check HF_ENDPOINT");
            bytes.Write(buffer, 0, read);
        }
        return bytes.ToArray();
    }

    private TransientException Broken(string what, Exception? inner) => new(new HubException(
        HubFailure.Unavailable, what, $"{_request.Subject} ({Redaction.Address(Uri)})",
        "check the network and run again: a download goes on where it stopped", inner));

    public void Dispose()
    {
        _body?.Dispose();
        _message.Dispose();
        _stall.Dispose();
    }
}
