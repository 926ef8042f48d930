namespace Harness.Benchmarks;

/// <summary>The process's peak of resident memory, taken from a moment on: Linux lets a process do so, proc(5), <c>clear_refs</c>.</summary>
internal static class PeakMemory
{
    /// <summary>Begins anew at what is resident now.</summary>
    /// <returns>Whether the system can do that: Linux can.</returns>
    public static bool Forget()
    {
        GC.Collect();
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
