using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Harness.Hub;

/// <summary>
/// Sends one request: redirects followed by hand, so that the token goes to the endpoint's host only, and every
/// failure named.
/// </summary>
internal sealed class HubTransport : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HubOptions _options;
    private readonly HttpClient _client;

    public HubTransport(HubOptions options)
    {
        _options = options;
        if (options.Token is { } token && token.Any(c => c is <= ' ' or > '~'))
            throw new HubException(
                HubFailure.Usage, "the access token holds characters no token has",
                options.TokenSource ?? "token", "copy it again: one word, without quotes or line breaks");
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ResponseDrainTimeout = TimeSpan.FromMilliseconds(200),
            MaxResponseHeadersLength = 64,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(
            "harness", typeof(HubTransport).Assembly.GetName().Version?.ToString(3) ?? "0"));
    }

    /// <summary>Sends a request once.</summary>
    /// <returns>An answer with a status of success, a redirect (only where asked to stop there), or 416.</returns>
    /// <exception cref="TransientException">Another try may succeed.</exception>
    /// <exception cref="HubException">It may not.</exception>
    public async Task<HubResponse> SendAsync(HubRequest request, CancellationToken cancellation)
    {
        if (_options.Offline)
            throw new HubException(
                HubFailure.Offline, "offline: this needs the hub", request.Subject,
                "run again without --offline and HF_HUB_OFFLINE");

        Uri uri = request.Uri;
        bool trusted = true;
        string? commit = null, linkedEtag = null;
        long? linkedSize = null;
        for (int hop = 0; ; hop++)
        {
            // Once another host had the request, the token stays home, whatever that host redirects to.
            trusted &= SameOrigin(uri, _options.Endpoint);
            HttpResponseMessage message = await SendOneAsync(request, uri, trusted, cancellation).ConfigureAwait(false);
            try
            {
                if (trusted)
                {
                    commit ??= Header(message, "X-Repo-Commit");
                    linkedEtag ??= PlainEtag(Header(message, "X-Linked-Etag"));
                    linkedSize ??= Number(Header(message, "X-Linked-Size"));
                }
                bool redirects = (int)message.StatusCode is 301 or 302 or 303 or 307 or 308;
                if (redirects && message.Headers.Location is { } location
                    && !(request.StopAtAbsoluteRedirect && location.IsAbsoluteUri && !IsFileScheme(location)))
                {
                    Uri next = Follow(request, uri, location);
                    if (hop == MostRedirects)
                        throw Error(HubFailure.Protocol, $"more than {MostRedirects} redirects", request, next, "check HF_ENDPOINT");
                    uri = next;
                    message.Dispose();
                    continue;
                }
                if (message.IsSuccessStatusCode || redirects || message.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                {
                    if (message.Content.Headers.ContentEncoding.Count > 0 && request.Method != HttpMethod.Head)
                        throw Error(HubFailure.Protocol, "the server compresses a body it was asked to send as it is", request, uri, "check HF_ENDPOINT and proxies on the way");
                    return new HubResponse(_options, request, message, uri, cancellation)
                    {
                        Commit = commit,
                        LinkedEtag = linkedEtag,
                        LinkedSize = linkedSize,
                    };
                }
                throw await HubErrors.FromAsync(_options, request, uri, trusted, message, cancellation).ConfigureAwait(false);
            }
            catch
            {
                message.Dispose();
                throw;
            }
        }
    }

    private async Task<HttpResponseMessage> SendOneAsync(HubRequest request, Uri uri, bool trusted, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, uri);
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (request.Json)
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (request.From is { } from)
            message.Headers.Range = new RangeHeaderValue(from, request.To);
        if (trusted && _options.Token is { } token)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_options.ConnectTimeout + _options.ResponseTimeout);
        try
        {
            return await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientException(Error(
                HubFailure.Unavailable, string.Create(CultureInfo.InvariantCulture, $"{uri.Host} did not answer in time"),
                request, uri, "check the network and HF_ENDPOINT, then run again", e), attempts: 3);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(request, uri, e);
        }
    }

    private static Exception Unreachable(HubRequest request, Uri uri, Exception e)
    {
        HttpRequestError kind = (e as HttpRequestException)?.HttpRequestError ?? HttpRequestError.Unknown;
        (string what, int? attempts) = kind switch
        {
            HttpRequestError.NameResolutionError => ($"the name {uri.Host} does not resolve", 2),
            HttpRequestError.ConnectionError => ($"cannot connect to {uri.Authority}: {Cause(e)}", 3),
            HttpRequestError.ProxyTunnelError => ($"the proxy does not let through to {uri.Authority}: {Cause(e)}", 2),
            HttpRequestError.SecureConnectionError => ($"no secure connection to {uri.Authority}: {Cause(e)}", 1),
            _ => ($"the connection to {uri.Authority} broke: {Cause(e)}", (int?)null),
        };
        if (ProxyFor(uri) is { } proxy)
            what += $" (by way of the proxy {proxy.Authority})";
        string advice = kind == HttpRequestError.SecureConnectionError
            ? "check the certificate store, proxies on the way, and HF_ENDPOINT"
            : ProxyFor(uri) is not null ? "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, then run again"
            : "check the network and HF_ENDPOINT, then run again; with HF_HUB_OFFLINE=1 only the cache is used";
        return new TransientException(Error(HubFailure.Unavailable, what, request, uri, advice, e), attempts: attempts);
    }

    /// <summary>The proxy that the environment sets for an address (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY), or null.</summary>
    private static Uri? ProxyFor(Uri uri) =>
        HttpClient.DefaultProxy.IsBypassed(uri) ? null : HttpClient.DefaultProxy.GetProxy(uri) is { } proxy && proxy != uri ? proxy : null;

    private static string Cause(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e is SocketException socket ? socket.SocketErrorCode.ToString() : Redaction.Text(e.Message, null, 120);
    }

    private static Uri Follow(HubRequest request, Uri from, Uri location)
    {
        // On Unix a location of "/a/b" parses as an absolute file address.
        Uri next = new(from, IsFileScheme(location) ? location.OriginalString : location.ToString());
        if (next.Scheme != Uri.UriSchemeHttp && next.Scheme != Uri.UriSchemeHttps)
            throw Error(HubFailure.Protocol, $"a redirect to the scheme '{next.Scheme}'", request, from, "check HF_ENDPOINT");
        if (from.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps)
            throw Error(HubFailure.Protocol, "a redirect from https to http", request, next, "check HF_ENDPOINT and proxies on the way");
        return next;
    }

    private static bool IsFileScheme(Uri location) => location.IsAbsoluteUri && location.Scheme == Uri.UriSchemeFile;

    private static HubException Error(HubFailure failure, string what, HubRequest request, Uri uri, string advice, Exception? inner = null) =>
        new(failure, what, $"{request.Subject} ({Redaction.Address(uri)})", advice, inner);

    /// <summary>Whether two addresses have scheme, host and port in common.</summary>
    public static bool SameOrigin(Uri a, Uri b) => Uri.Compare(
        a, b, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>A header's first value.</summary>
    public static string? Header(HttpResponseMessage message, string name) =>
        message.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <summary>An ETag without <c>W/</c> and quotes.</summary>
    public static string? PlainEtag(string? etag)
    {
        if (etag is null)
            return null;
        etag = etag.Trim();
        return (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
    }

    /// <summary>A count in a header, or null when it is none.</summary>
    public static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    public void Dispose() => _client.Dispose();
}
