using System.Globalization;
using System.Runtime.InteropServices;
using Harness.LoopbackHub;

const string usage = """
    usage: loopback-hub ROOT [--port N] [--throttle BYTES_PER_S] [--page-size N] [--token T]... [--gated REPO]...
                             [--private REPO]... [--fault KIND[,path=P][,times=N][,after=N][,bytes=N][,status=N]]... [--log]

    Serves ROOT/owner/name/FILES as a HuggingFace hub on the loopback interface and prints its address on one line;
    use it as HF_ENDPOINT. Other revisions of a repository lie in ROOT/owner/name@REVISION.
    Ends with Ctrl-C, or when standard input is closed and --until-eof is given.
    """;

string? root = null;
int port = 0, throttle = 0, pageSize = 1000;
var tokens = new List<LoopbackToken>();
List<string> gated = [], hidden = [];
List<Fault> faults = [];
bool log = false, untilEof = false;
try
{
    for (int i = 0; i < args.Length; i++)
    {
        string Next() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value");
        switch (args[i])
        {
            case "--port": port = int.Parse(Next(), CultureInfo.InvariantCulture); break;
            case "--throttle": throttle = int.Parse(Next(), CultureInfo.InvariantCulture); break;
            case "--page-size": pageSize = int.Parse(Next(), CultureInfo.InvariantCulture); break;
            case "--token": tokens.Add(new LoopbackToken(Next())); break;
            case "--gated": gated.Add(Next()); break;
            case "--private": hidden.Add(Next()); break;
            case "--fault": faults.Add(Fault.Parse(Next())); break;
            case "--log": log = true; break;
            case "--until-eof": untilEof = true; break;
            case ['-', ..]: throw new ArgumentException($"unknown option {args[i]}");
            default: root = root is null ? args[i] : throw new ArgumentException("more than one ROOT"); break;
        }
    }
    if (root is null || !Directory.Exists(root))
        throw new ArgumentException(root is null ? "ROOT is missing" : $"'{root}' is not a directory");
}
catch (Exception e) when (e is ArgumentException or FormatException)
{
    Console.Error.WriteLine($"error: {e.Message}\n{usage}");
    return 2;
}

await using LoopbackHub hub = await LoopbackHub.StartAsync(new LoopbackOptions
{
    Root = Path.GetFullPath(root),
    Port = port,
    BytesPerSecond = throttle,
    PageSize = pageSize,
    Tokens = tokens,
    Gated = gated,
    Private = hidden,
});
faults.ForEach(hub.Faults.Add);
Console.WriteLine(hub.Endpoint.GetLeftPart(UriPartial.Authority));

using var ended = new CancellationTokenSource();
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ended.Cancel();
}
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
if (untilEof)
    _ = Task.Run(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }
        ended.Cancel();
    });
int shown = 0;
while (!ended.IsCancellationRequested)
{
    try
    {
        await Task.Delay(200, ended.Token);
    }
    catch (OperationCanceledException)
    {
        break;
    }
    for (IReadOnlyList<LoggedRequest> requests = hub.Log; log && shown < requests.Count; shown++)
        Console.Error.WriteLine(requests[shown]);
}
return 0;
