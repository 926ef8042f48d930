using System.Globalization;

namespace Harness.Hub;

/// <summary>
/// How to reach the hub and where its cache lies. The variables read by <see cref="FromEnvironment()"/> and their
/// meanings are those of the official clients, so that both share one cache.
/// </summary>
public sealed record HubOptions
{
    /// <summary>The hub's own address.</summary>
    public static readonly Uri DefaultEndpoint = new("https://huggingface.co");

    /// <summary>Address of the hub; may carry a path prefix (a mirror). Default: the official hub.</summary>
    public Uri Endpoint { get; init; } = DefaultEndpoint;

    /// <summary>The endpoint as it may be shown and recorded: scheme, host, port and path, without credentials.</summary>
    public string DisplayEndpoint => Redaction.Address(Endpoint);

    /// <summary>Access token, sent to the endpoint's host only; null for anonymous.</summary>
    public string? Token { get; init; }

    /// <summary>Where the token came from (a variable's name or <c>token file</c>), for messages; null when none.</summary>
    public string? TokenSource { get; init; }

    /// <summary>Uses the cache only and never opens a connection.</summary>
    public bool Offline { get; init; }

    /// <summary>The cache directory, the one that holds <c>models--owner--name</c>.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>Places whole files into snapshots, as on file systems without symbolic links.</summary>
    public bool DisableSymlinks { get; init; }

    /// <summary>Longest wait for a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest wait for the headers of an answer.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest silence within a body; then the connection is given up and the transfer resumed.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries without progress before a failure is final, at least 1.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The first pause between tries; it doubles each time, up to eight seconds.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest pause the hub may ask for (<c>Retry-After</c>, <c>RateLimit</c>); more ends the request.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Files transferred at once.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>Most connections at once for the parts of large files; 1 never fetches in parts.</summary>
    public int Connections { get; init; } = 6;

    /// <summary>Bytes that must be left of a file for fetching it in parts, at least 1 and at most 1 GiB.</summary>
    public int PartsFrom { get; init; } = 64 << 20;

    /// <summary>Most bytes of a part; so much memory each connection takes.</summary>
    public int PartSize { get; init; } = 8 << 20;

    /// <summary>How long one connection shows what it can do before others join.</summary>
    public TimeSpan ProbeTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes a second from which one connection is enough: the processor, not the network, is then the bound.</summary>
    public long FastConnection { get; init; } = 200L << 20;

    /// <summary>Where to remember which cached files were verified; null to remember nothing.</summary>
    public string? VerifiedDirectory { get; init; }

    /// <summary>Free bytes to leave on the disk after a download.</summary>
    public long DiskReserve { get; init; } = 64L << 20;

    /// <summary>Reads the environment variables of the official clients.</summary>
    /// <remarks>
    /// <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c> (or the file <c>HF_TOKEN_PATH</c>, by default <c>$HF_HOME/token</c>),
    /// <c>HF_HOME</c>, <c>HF_HUB_CACHE</c>, <c>HF_HUB_OFFLINE</c>, <c>HF_HUB_DISABLE_SYMLINKS</c>,
    /// <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c>, <c>XDG_CACHE_HOME</c>.
    /// </remarks>
    /// <returns>The options.</returns>
    /// <exception cref="HubException">A variable is malformed (<see cref="HubFailure.Usage"/>).</exception>
    public static HubOptions FromEnvironment() => FromEnvironment(Environment.GetEnvironmentVariable);

    internal static HubOptions FromEnvironment(Func<string, string?> read)
    {
        string? Value(params ReadOnlySpan<string> names)
        {
            foreach (string name in names)
                if (read(name) is { } value && value.Trim() is { Length: > 0 } trimmed)
                    return trimmed;
            return null;
        }

        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string home = Expand(
            Value("HF_HOME") ?? Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface"),
            user);
        string cache = Expand(Value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"), user);

        string? token = Value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
        string? source = token is null ? null : Value("HF_TOKEN") is null ? "HUGGING_FACE_HUB_TOKEN" : "HF_TOKEN";
        if (token is null && !Truth(Value("HF_HUB_DISABLE_IMPLICIT_TOKEN")))
        {
            token = ReadToken(Expand(Value("HF_TOKEN_PATH") ?? Path.Combine(home, "token"), user));
            source = token is null ? null : "token file";
        }

        return new HubOptions
        {
            Endpoint = ParseEndpoint(Value("HF_ENDPOINT")),
            Token = token,
            TokenSource = source,
            Offline = Truth(Value("HF_HUB_OFFLINE")),
            CacheDirectory = Path.GetFullPath(cache),
            DisableSymlinks = Truth(Value("HF_HUB_DISABLE_SYMLINKS")),
        };
    }

    /// <summary>The options without the token, which must never reach a log.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"endpoint {DisplayEndpoint}, cache {CacheDirectory}, token {(Token is null ? "none" : "set")}{(Offline ? ", offline" : "")}");

    private static Uri ParseEndpoint(string? text)
    {
        if (text is null)
            return DefaultEndpoint;
        if (Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out Uri? uri)
            && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            && uri.Host.Length > 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0)
            return uri;
        throw new HubException(
            HubFailure.Usage, "HF_ENDPOINT is not an http or https address", "HF_ENDPOINT",
            $"set it like {DefaultEndpoint.Scheme}://{DefaultEndpoint.Host}, or unset it");
    }

    private static string? ReadToken(string path)
    {
        try
        {
            if (!File.Exists(path) || new FileInfo(path).Length > 4096)
                return null;
            string token = File.ReadAllText(path).Trim();
            return token.Length == 0 ? null : token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An unreadable token file means anonymous: the hub's refusal, if any, will say what is missing.
            return null;
        }
    }

    private static bool Truth(string? value) =>
        value?.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON";

    private static string Expand(string path, string user) =>
        path == "~" ? user
        : path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(user, path[2..])
        : path;
}
