using System.Globalization;
using System.Text;

namespace Harness.Dummies;

/// <summary>Ways to misbehave below the protocol: the bytes themselves are wrong.</summary>
internal static class RawBehaviours
{
    private const string Hello =
        """{"id":1,"result":{"protocol":1,"backend":"raw","version":"v1","devices":[]}}""" + "\n";

    public static int Run(string name, string argument)
    {
        using Stream input = Console.OpenStandardInput();
        using Stream output = Console.OpenStandardOutput();
        switch (name)
        {
            case "garbage":
                AwaitLine(input);
                Write(output, "ggml_cuda_init: found 1 device\n");
                break;
            case "binary":
                AwaitLine(input);
                output.Write([0, 1, 2, 255, 254, 27, (byte)'[', (byte)'2', (byte)'J', 10]);
                break;
            case "wrong-id":
                AwaitLine(input);
                Write(output, """{"id":77,"result":{}}""" + "\n");
                break;
            case "unknown-shape":
                AwaitLine(input);
                Write(output, """{"id":1,"surprise":true}""" + "\n");
                break;
            case "wrong-protocol":
                AwaitLine(input);
                Write(output, """{"id":1,"result":{"protocol":99,"backend":"raw","version":"v1"}}""" + "\n");
                break;
            case "nan":
                AwaitLine(input);
                Write(output, """{"id":1,"result":{"protocol":NaN}}""" + "\n");
                break;
            case "deep":
                AwaitLine(input);
                Write(output, """{"id":1,"result":""" + new string('[', 100_000) + "\n");
                break;
            case "unasked":
                AwaitLine(input);
                Write(output, Hello + """{"id":9,"result":{}}""" + "\n");
                break;
            case "silent-exit":
                return 0;
            case "silence":
                break;
            case "half-line":
                AwaitLine(input);
                Write(output, """{"id":1,"resu""");
                return 0;
            case "endless-line":
                AwaitLine(input);
                byte[] block = Encoding.ASCII.GetBytes(new string('a', 1 << 20));
                for (int i = 0; i < 64; i++)
                    output.Write(block);
                break;
            case "close-stdout":
                AwaitLine(input);
                CloseOutput();
                break;
            case "refuse-to-exit":
                AwaitLine(input);
                Write(output, Hello);
                AwaitLine(input);
                Write(output, """{"id":2,"result":{}}""" + "\n");
                break;
            case "stop-reading":
                AwaitLine(input);
                Write(output, Hello);
                break;
            default:
                Console.Error.WriteLine($"error: no behaviour {name} {argument}");
                return 2;
        }

        // Whatever went wrong, the process stays: it is for the supervisor to end it.
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <summary>Closes stdout and every copy of it: the runtime keeps one of its own.</summary>
    private static void CloseOutput()
    {
        string stdout = new FileInfo("/proc/self/fd/1").LinkTarget!;
        foreach (string path in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget == stdout)
                _ = Native.Close(int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        }
    }

    private static void Write(Stream output, string text)
    {
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Flush();
    }

    private static void AwaitLine(Stream input)
    {
        while (input.ReadByte() is >= 0 and not '\n')
        {
        }
    }
}
