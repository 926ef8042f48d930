using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Harness.Hub;

namespace Harness.Benchmarks;

/// <summary>
/// One large file from a hub on the loopback interface: fetched and verified into the cache, against <c>curl</c>, which
/// verifies nothing, by turns. The size is <c>HARNESS_BENCHMARK_MB</c>, 2000 by default. Server, client and what is compared
/// share the machine's processors.
/// </summary>
internal static class HubBenchmark
{
    private const int Rounds = 6;
    private const string Repo = "owner/large";
    private const string FileName = "large-Q8_0.gguf";

    /// <summary>How it is called.</summary>
    public const string Name = "hub";

    /// <summary>Runs it.</summary>
    public static void Run(BenchmarkTable table)
    {
        long megabytes = long.TryParse(Environment.GetEnvironmentVariable("HARNESS_BENCHMARK_MB"), NumberStyles.None, CultureInfo.InvariantCulture, out long asked) ? asked : 2000;
        string folder = Directory.CreateTempSubdirectory("harness-hub-").FullName;
        try
        {
            WriteRandom(Path.Combine(folder, "served", Repo, FileName), megabytes * 1_000_000);
            using Process server = Serve(Path.Combine(folder, "served"));
            try
            {
                var endpoint = new Uri(server.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the hub did not start"));
                Compare(table, endpoint, folder, megabytes * 1_000_000);
            }
            finally
            {
                server.StandardInput.Close();
                server.WaitForExit();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(BenchmarkTable table, Uri endpoint, string folder, long bytes)
    {
        List<double> ours = [], theirs = [], ratios = [];
        long peak = 0;
        bool curl = true;

        // The first round warms the server up and is not counted. Who goes first takes turns too: the memory that one frees,
        // the system gives to the next, and memory that is new costs more.
        for (int round = 0; round <= Rounds; round++)
        {
            TimeSpan mine = default, other = default;
            void Mine()
            {
                string cache = Path.Combine(folder, $"cache-{round}");
                bool peakIsOwn = PeakMemory.Forget();
                mine = Time(() => Download(endpoint, cache));
                if (peakIsOwn)
                    peak = Math.Max(peak, Process.GetCurrentProcess().PeakWorkingSet64);
                Directory.Delete(cache, recursive: true);
            }

            if (round % 2 == 0)
                Mine();
            string copy = Path.Combine(folder, "copy");
            curl = curl && Curl(new Uri(endpoint, $"/{Repo}/resolve/main/{FileName}"), copy, out other);
            File.Delete(copy);
            if (round % 2 == 1)
                Mine();
            if (round == 0)
                continue;
            ours.Add(bytes / mine.TotalSeconds / 1e6);
            if (!curl)
                continue;
            theirs.Add(bytes / other.TotalSeconds / 1e6);
            ratios.Add(other / mine);
        }

        table.Line("file", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB, {Rounds} rounds by turns, {Environment.ProcessorCount} processors for all"));
        table.Line("harness, sha256 verified", Rates(ours));
        if (peak > 0)
            table.Line("  peak memory", string.Create(CultureInfo.InvariantCulture, $"{peak / 1e6:0} MB"));
        table.Line("curl, nothing verified", curl ? Rates(theirs) : "there is no curl here");
        if (curl)
        {
            ratios.Sort();
            table.Line("  ours over curl's", string.Create(CultureInfo.InvariantCulture, $"{ratios[ratios.Count / 2]:0.00} median, {ratios[0]:0.00} to {ratios[^1]:0.00}"));
        }
    }

    private static string Rates(List<double> rates)
    {
        double[] sorted = [.. rates.Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2],6:0} MB/s median, {sorted[0]:0} to {sorted[^1]:0}");
    }

    private static void Download(Uri endpoint, string cache)
    {
        using var client = new HubClient(new HubOptions { Endpoint = endpoint, CacheDirectory = cache });
        IReadOnlyList<ResolvedFile> files = client.ResolveAsync(Repo, "main", new FileQuery { File = FileName }).GetAwaiter().GetResult();
        DownloadedFile file = client.DownloadAsync(files).GetAwaiter().GetResult()[0];
        if (!File.Exists(file.LocalPath))
            throw new InvalidOperationException($"{file.LocalPath} was not written");
    }

    private static bool Curl(Uri address, string destination, out TimeSpan time)
    {
        try
        {
            time = Time(() =>
            {
                using Process process = Process.Start("curl", ["--silent", "--fail", "--location", "--output", destination, address.ToString()]);
                process.WaitForExit();
                if (process.ExitCode != 0)
                    throw new InvalidOperationException($"curl ended with {process.ExitCode}");
            });
            return true;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            time = default;
            return false;
        }
    }

    private static TimeSpan Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start);
    }

    private static Process Serve(string root) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "loopback-hub.dll"), root, "--until-eof"])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static void WriteRandom(string path, long bytes)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        byte[] buffer = new byte[4 << 20];
        for (long written = 0; written < bytes; written += buffer.Length)
        {
            RandomNumberGenerator.Fill(buffer);
            file.Write(buffer, 0, (int)Math.Min(buffer.Length, bytes - written));
        }
    }
}
