using NUnit.Framework;

namespace Harness.Workers.Tests;

/// <summary>Starts the dummies program and its relatives.</summary>
internal static class Dummy
{
    public static string Executable { get; } = Path.Combine(
        TestContext.CurrentContext.TestDirectory, OperatingSystem.IsWindows() ? "dummies.exe" : "dummies");

    public static WorkerCommand Command(params string[] behaviour) => new(Executable, behaviour);

    public static LoadRequest AnyModel { get; } = new("any.gguf", 64, "cpu", 1);

    /// <summary>Waits for something another process brings about.</summary>
    public static async Task<bool> Eventually(Func<bool> condition, int milliseconds = 2000)
    {
        for (int waited = 0; waited < milliseconds; waited += 10)
        {
            if (condition())
                return true;
            await Task.Delay(10);
        }

        return condition();
    }

    /// <summary>Whether a process exists, zombies included.</summary>
    public static bool Exists(int pid) => Directory.Exists($"/proc/{pid}");
}
