using System.Diagnostics;
using System.Globalization;
using Harness.Workers;

namespace Harness.Dummies;

/// <summary>
/// Times a worker from its start over <c>hello</c> to its end: <c>dummies measure TIMES COMMAND [ARGUMENT…]</c>.
/// A command whose name is <c>harness</c> is started as the harness starts itself.
/// </summary>
internal static class Measure
{
    public static async Task<int> RunAsync(string[] args)
    {
        int times = int.Parse(args[0], CultureInfo.InvariantCulture);
        WorkerCommand command = Path.GetFileName(args[1]) == "harness"
            ? WorkerCommand.OfHarness(args[1], args[3..])
            : new WorkerCommand(args[1], args[2..]);
        using WorkerLauncher launcher = new();
        List<double> started = [];
        List<double> greeted = [];
        List<double> left = [];
        string last = "";
        for (int i = 0; i < times; i++)
        {
            last = "";
            Stopwatch watch = Stopwatch.StartNew();
            await using WorkerSession session = launcher.Start(command);
            started.Add(watch.Elapsed.TotalMilliseconds);
            try
            {
                await session.HelloAsync().ConfigureAwait(false);
            }
            catch (WorkerException e) when (e.Failure.Cause == WorkerFailureCause.Reported)
            {
                last = e.Message;
            }

            greeted.Add(watch.Elapsed.TotalMilliseconds);
            WorkerEnd end = await session.ExitAsync().ConfigureAwait(false);
            left.Add(watch.Elapsed.TotalMilliseconds);
            last += $" peak {end.Peak} cpu {end.CpuTime?.TotalMilliseconds} ms {end.Failure}";
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"median of {times}: started {Median(started):0.0} ms, greeted {Median(greeted):0.0} ms, gone {Median(left):0.0} ms;{last}"));
        return 0;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
