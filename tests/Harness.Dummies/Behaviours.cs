using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Harness.Workers;

namespace Harness.Dummies;

/// <summary>The ways to misbehave, by name.</summary>
internal static class Behaviours
{
    public static int Run(string name, string argument)
    {
        switch (name)
        {
            case "scripted":
                return WorkerHost.RunProcess(() => new ScriptedEngine());
            case "chat":
                return WorkerHost.RunProcess(() => new ChattingEngine(argument));
            case "abort":
                return AtLoad(Native.Abort);
            case "segfault":
                return AtLoad(Native.SegmentationFault);
            case "self-kill":
                return AtLoad(() => _ = Native.Kill(Environment.ProcessId, 9));
            case "exit":
                return AtLoad(() => Native.ExitNow(int.Parse(argument, CultureInfo.InvariantCulture)));
            case "hang":
                return AtLoad(() => Thread.Sleep(Timeout.Infinite));
            case "spin":
                return Spin();
            case "grow":
                return AtLoad(Grow);
            case "grow-alone":
                Grow();
                return 0;
            case "grow-by-proxy":
                return AtLoad(GrowByProxy);
            case "no-backend":
                return WorkerHost.RunProcess(() => throw new DllNotFoundException("libllama.so: no such file"));
            case "slow-stream":
                return AtToken(_ => Thread.Sleep(200));
            case "exit-mid-stream":
                return AtToken(index =>
                {
                    if (index == 3)
                        Native.ExitNow(0);
                });
            case "kill-mid-stream":
                return AtToken(index =>
                {
                    if (index == 3)
                        _ = Native.Kill(Environment.ProcessId, 9);
                });
            case "print-natively":
                return AtToken(_ =>
                {
                    _ = Native.Print("llama_print_timings: a native library prints where it likes\n");
                    _ = Native.Flush(0);
                });
            case "flood-stderr":
                return AtLoad(FloodErrors);
            case "grandchild":
                return AtLoad(StartGrandchild);
            case "crash-at-exit":
                return CrashAtExit();
            default:
                return RawBehaviours.Run(name, argument);
        }
    }

    private static int AtLoad(Action action) => WorkerHost.RunProcess(() => new LoadingEngine(action));

    private static int AtToken(Action<int> action) => WorkerHost.RunProcess(() => new InterruptedEngine(action));

    /// <summary>Reads nothing, says nothing, burns a core.</summary>
    private static int Spin()
    {
        for (long i = 0; ; i++)
            Thread.SpinWait(100);
    }

    /// <summary>Touches page after page, to 2 GiB at most.</summary>
    private static unsafe void Grow()
    {
        const int step = 4 << 20;
        for (int i = 0; i < 512; i++)
        {
            byte* block = (byte*)NativeMemory.Alloc(step);
            for (int at = 0; at < step; at += 4096)
                block[at] = 1;
            Thread.Sleep(2);
        }
    }

    /// <summary>Stays small and has a child grow.</summary>
    private static void GrowByProxy()
    {
        using Process child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, "grow-alone"))
            ?? throw new InvalidOperationException("no child");
        child.WaitForExit();
    }

    private static void FloodErrors()
    {
        byte[] line = new byte[1 << 20];
        Array.Fill(line, (byte)'x');
        line[^1] = (byte)'\n';
        using Stream errors = Console.OpenStandardError();
        errors.Write("the first line of the log\n"u8);
        for (int i = 0; i < 100; i++)
            errors.Write(line);
        errors.Write("the last line of the log\n"u8);
    }

    /// <summary>Leaves a process behind that holds the worker's pipes open.</summary>
    private static void StartGrandchild()
    {
        using Process sleep = Process.Start(new ProcessStartInfo("sleep", "600") { UseShellExecute = false })
            ?? throw new InvalidOperationException("no grandchild");
        Console.Error.WriteLine($"grandchild {sleep.Id}");
    }

    private static int CrashAtExit()
    {
        WorkerHost.RunProcess(() => new ScriptedEngine());
        Native.SegmentationFault();
        return 0;
    }
}
