using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace Harness.LoopbackHub;

/// <summary>A request as the hub saw it.</summary>
/// <param name="Storage">Whether it went to the storage host rather than to the hub.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, without the query.</param>
/// <param name="Range">Its <c>Range</c> header, or null.</param>
/// <param name="Authorized">Whether it carried an <c>Authorization</c> header.</param>
public sealed record LoggedRequest(bool Storage, string Method, string Path, string? Range, bool Authorized)
{
    /// <summary>The answer's status; 0 while there is none.</summary>
    public int Status { get; internal set; }

    /// <summary>Bytes of the body that were handed to the network.</summary>
    public long Sent { get; internal set; }
}

/// <summary>
/// A HuggingFace hub on the loopback interface: the real protocol over a directory, with a second listener in the part
/// of the storage host that large files are redirected to, and faults on demand.
/// </summary>
public sealed class LoopbackHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<LoggedRequest> _log = new();
    private readonly CancellationTokenSource _stopping = new();

    private LoopbackHub(WebApplication app) => _app = app;

    /// <summary>The hub's address, for <c>HF_ENDPOINT</c>.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The storage host's address.</summary>
    public Uri StorageEndpoint { get; private set; } = null!;

    /// <summary>What is to go wrong.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>Entries added to every listing, as a hostile hub would: path and size.</summary>
    public IList<(string Path, long Size)> ForgedEntries { get; } = [];

    /// <summary>Requests so far, in the order in which they came.</summary>
    public IReadOnlyList<LoggedRequest> Log => [.. _log];

    /// <summary>Starts a hub.</summary>
    public static async Task<LoopbackHub> StartAsync(LoopbackOptions options)
    {
        int storagePort = 0;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Throttled and stalled bodies are the point.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        WebApplication app = builder.Build();
        var hub = new LoopbackHub(app);
        var store = new RepoStore(options);
        var bodies = new FileBody(options.BytesPerSecond, hub._stopping.Token);
        var api = new ModelApi(options, store, hub);
        var resolve = new ResolveEndpoint(options, store, hub, bodies);

        app.Run(async context =>
        {
            bool storage = context.Connection.LocalPort == storagePort;
            string path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
            var request = new LoggedRequest(
                storage, context.Request.Method, Uri.UnescapeDataString(path), context.Request.Headers.Range.FirstOrDefault(),
                context.Request.Headers.ContainsKey("Authorization"));
            context.Items[typeof(LoggedRequest)] = request;
            context.Response.OnStarting(() =>
            {
                request.Status = context.Response.StatusCode;
                return Task.CompletedTask;
            });
            hub._log.Enqueue(request);
            Fault? fault = hub.Faults.Take(context.Request.Method, path, storage);
            try
            {
                if (fault is { Kind: FaultKind.Status })
                    await Answers.ErrorAsync(context, fault.Status, null, "the fault that was asked for", fault.Headers);
                else if (fault is { Kind: FaultKind.Redirect })
                    (context.Response.StatusCode, context.Response.Headers.Location) = (302, fault.Location);
                else if (fault is { Kind: FaultKind.Garbage })
                    await bodies.WriteGarbageAsync(context, fault.Bytes);
                else if (storage)
                    await resolve.ServeStorageAsync(context, path, fault);
                else if (path.StartsWith("/api/", StringComparison.Ordinal) && !path.StartsWith("/api/resolve-cache/", StringComparison.Ordinal))
                    await api.ServeAsync(context, path, fault);
                else
                    await resolve.ServeAsync(context, path, fault);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                context.Abort();
            }
        });

        await app.StartAsync();
        Uri[] addresses = [.. app.Urls.Select(u => new Uri(u))];
        hub.Endpoint = new Uri(addresses[0].GetLeftPart(UriPartial.Authority));
        hub.StorageEndpoint = new Uri(addresses[1].GetLeftPart(UriPartial.Authority));
        storagePort = hub.StorageEndpoint.Port;
        return hub;
    }

    /// <summary>Waits until the process is asked to end.</summary>
    public Task WaitAsync(CancellationToken cancellation) => Task.Delay(Timeout.Infinite, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The source is not disposed: a second call, after a test stopped its hub early, is well.
        await _stopping.CancelAsync();
        await _app.DisposeAsync();
    }
}
