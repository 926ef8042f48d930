using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Harness.Hub;

/// <summary>Turns an error answer into the failure it is, by its status and the hub's own <c>X-Error-Code</c>.</summary>
internal static class HubErrors
{
    /// <summary>Reads the answer and names the failure: a <see cref="TransientException"/> or a <see cref="HubException"/>.</summary>
    public static async Task<Exception> FromAsync(
        HubOptions options, HubRequest request, Uri uri, bool trusted, HttpResponseMessage message, CancellationToken cancellation)
    {
        int status = (int)message.StatusCode;
        string code = HubTransport.Header(message, "X-Error-Code") ?? "";
        string said = Redaction.Text(
            HubTransport.Header(message, "X-Error-Message") ?? await ReadErrorAsync(message, cancellation).ConfigureAwait(false),
            options.Token);
        string quoted = said.Length == 0 ? "" : $": \"{said}\"";
        string where = $"{request.Subject} ({Redaction.Address(uri)})";
        HubException Error(HubFailure failure, string what, string advice) => new(failure, what, where, advice);

        if (status == 429)
            return new TransientException(
                Error(HubFailure.RateLimited, "the hub limits the rate of requests (429)" + quoted,
                    options.Token is null ? "set HF_TOKEN for a higher limit, or run again later" : "run again later"),
                AskedPause(message));
        if (status is 408 or >= 500)
            return new TransientException(
                Error(HubFailure.Unavailable, string.Create(CultureInfo.InvariantCulture, $"the server answers {status}{quoted}"),
                    "the trouble is on the server's side: run again later"),
                AskedPause(message));
        if (!trusted)
            // A signed address that expired, or storage that is out of order: the hub gives a fresh address next time.
            return new TransientException(Error(
                HubFailure.Unavailable, string.Create(CultureInfo.InvariantCulture, $"the storage behind the hub answers {status}{quoted}"),
                "run again later"), attempts: 3);

        string page = request.Repo is null ? Redaction.Address(options.Endpoint) : $"{Redaction.Address(options.Endpoint)}/{request.Repo}";
        string setToken = options.Token is null
            ? "set HF_TOKEN to a token that may read it"
            : $"the token from {options.TokenSource ?? "the options"} may not read it: use another";
        return (status, code) switch
        {
            (_, "RepoNotFound") => Error(HubFailure.NotFound, "the repository does not exist, or is private",
                $"check the name ({page}); if it is private, {setToken}"),
            (_, "RevisionNotFound") => Error(HubFailure.NotFound, "the revision does not exist",
                $"check the branch, tag or commit on {page}"),
            (_, "EntryNotFound") => Error(HubFailure.NotFound, "the file does not exist at this revision",
                $"see what is there: {page}/tree/main"),
            (_, "GatedRepo") => Error(HubFailure.Refused, "the repository is gated" + quoted,
                $"accept its licence at {page}, then " + (options.Token is null ? "set HF_TOKEN" : $"use that account's token (now from {options.TokenSource ?? "the options"})")),
            (401, _) when options.Token is null => Error(HubFailure.Refused, "unauthorised: the repository may be missing, private or gated" + quoted,
                $"check the name ({page}), and set HF_TOKEN"),
            (401, _) => Error(HubFailure.Refused, "unauthorised: the hub does not accept the token" + quoted,
                $"the token comes from {options.TokenSource ?? "the options"}: replace it, or unset it for public repositories"),
            (403, _) => Error(HubFailure.Refused, "forbidden" + quoted, setToken),
            (404, _) => Error(HubFailure.NotFound, "the hub does not know this address (404)" + quoted, $"check the name ({page}) and HF_ENDPOINT"),
            _ => Error(HubFailure.Protocol, string.Create(CultureInfo.InvariantCulture, $"the hub answers {status}{quoted}"), "check HF_ENDPOINT"),
        };
    }

    /// <summary>The pause a server asks for: <c>Retry-After</c>, or <c>t</c> of <c>RateLimit: "api";r=0;t=55</c>.</summary>
    public static TimeSpan? AskedPause(HttpResponseMessage message)
    {
        if (message.Headers.RetryAfter is { } after)
        {
            TimeSpan? pause = after.Delta ?? (after.Date is { } date ? date - DateTimeOffset.UtcNow : null);
            if (pause is { } wait)
                return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
        }
        foreach (string part in (HubTransport.Header(message, "RateLimit") ?? "").Split(';', StringSplitOptions.TrimEntries))
            if (part.StartsWith("t=", StringComparison.Ordinal)
                && int.TryParse(part.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds))
                // The window ends within that second: one more makes sure of it.
                return TimeSpan.FromSeconds(seconds + 1L);
        return null;
    }

    private static async Task<string?> ReadErrorAsync(HttpResponseMessage message, CancellationToken cancellation)
    {
        if (message.Content.Headers.ContentType?.MediaType != "application/json")
            return message.StatusCode == HttpStatusCode.OK ? null : message.ReasonPhrase;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            byte[] bytes = new byte[8 << 10];
            using Stream body = await message.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            int length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, limit.Token).ConfigureAwait(false);
            using JsonDocument json = JsonDocument.Parse(bytes.AsMemory(0, length));
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String
                ? error.GetString() : null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException
            || e is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return message.ReasonPhrase;
        }
    }
}
