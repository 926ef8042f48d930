using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NUnit.Framework;
using Loopback = Harness.LoopbackHub.LoopbackHub;

namespace Harness.Hub.Tests;

/// <summary>The real program behind a proxy, as companies have them: the variables every tool knows decide.</summary>
public sealed class ProxyTests : HubFixture
{
    private const string Model = "tiny-q4_k_m.gguf";

    /// <summary>A forward proxy: passes http on, and notes what it was asked.</summary>
    private sealed class ForwardProxy : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public ForwardProxy()
        {
            _listener.Start();
            _ = Task.Run(async () =>
            {
                while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            });
        }

        public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

        /// <summary>First lines of requests.</summary>
        public ConcurrentQueue<string> Asked { get; } = new();

        private async Task ServeAsync(TcpClient client)
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                var head = new StringBuilder();
                for (byte[] one = new byte[1]; !head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1;) head.Append((char)one[0]);
                string[] lines = head.ToString().Split("\r\n");
                Asked.Enqueue(lines[0]);
                if (lines[0].Split(' ') is not [var method and not "CONNECT", var target, _] || !Uri.TryCreate(target, UriKind.Absolute, out Uri? uri))
                {
                    await stream.WriteAsync("HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                    return;
                }

                using var server = new TcpClient();
                await server.ConnectAsync(uri.Host, uri.Port);
                IEnumerable<string> headers = lines.Skip(1).Where(l => l.Length > 0 && !l.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase) && !l.StartsWith("Connection", StringComparison.OrdinalIgnoreCase));
                await server.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{method} {uri.PathAndQuery} HTTP/1.1\r\n{string.Join("\r\n", headers)}\r\nConnection: close\r\n\r\n"));
                await server.GetStream().CopyToAsync(stream);
            }
        }

        public void Dispose() => _listener.Dispose();
    }

    private ChildProgram Download(Uri endpoint, params (string, string?)[] variables) =>
        ChildProgram.Harness(endpoint, CacheDirectory, variables, "models", "download", Repo, "--quant", "Q4_K_M");

    [Test]
    public async Task HTTP_PROXY_is_used_for_the_hub_and_for_its_storage()
    {
        Put(Model, 50_000);
        Loopback hub = await StartAsync();
        using var proxy = new ForwardProxy();

        using ChildProgram child = Download(hub.Endpoint, ("http_proxy", proxy.Address.ToString()));
        (int status, _, string errors) = await child.WaitAsync();

        Assert.That((status, errors), Is.EqualTo((0, "")));
        Assert.That(proxy.Asked, Has.Some.Contains(hub.Endpoint.Authority).And.Some.Contains(hub.StorageEndpoint.Authority));
        Assert.That(proxy.Asked, Has.Count.EqualTo(hub.Log.Count), "nothing went past it");
    }

    [Test]
    public async Task NO_PROXY_is_past_the_proxy()
    {
        Put(Model, 50_000);
        Loopback hub = await StartAsync();
        using var proxy = new ForwardProxy();

        using ChildProgram child = Download(hub.Endpoint, ("http_proxy", proxy.Address.ToString()), ("no_proxy", "example.org,127.0.0.1"));
        (int status, _, string errors) = await child.WaitAsync();

        Assert.That((status, errors), Is.EqualTo((0, "")));
        Assert.That(proxy.Asked, Is.Empty);
    }

    [Test]
    public async Task HTTPS_PROXY_is_asked_to_connect_and_its_refusal_is_named()
    {
        using var proxy = new ForwardProxy();

        using ChildProgram child = Download(new Uri("https://hub.invalid/"), ("https_proxy", proxy.Address.ToString()));
        (int status, _, string errors) = await child.WaitAsync();

        Assert.That(status, Is.EqualTo(1));
        Assert.That(proxy.Asked, Has.Some.StartsWith("CONNECT hub.invalid:443"));
        Assert.That(errors, Does.Contain("proxy").And.Contain(proxy.Address.Authority).And.Contain("HTTPS_PROXY"));
    }
}
