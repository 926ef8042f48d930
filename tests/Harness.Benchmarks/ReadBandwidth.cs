using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Harness.Benchmarks;

/// <summary>How fast all threads together read memory that is in no cache.</summary>
internal static unsafe class ReadBandwidth
{
    private const long BytesOfThread = 256L << 20;

    /// <summary>Bytes a second; the best of some attempts.</summary>
    /// <param name="threads">Threads that read at the same time, each its own part.</param>
    public static double Measure(int threads)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(threads * BytesOfThread), 64);
        try
        {
            new Span<byte>(memory, 64).Fill(1);
            for (long i = 0; i < threads * BytesOfThread; i += 4096)
                memory[i] = 1;
            double best = 0;
            for (int attempt = 0; attempt < 5; attempt++)
            {
                long start = Stopwatch.GetTimestamp();
                Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, t => Read(memory + (t * BytesOfThread)));
                best = Math.Max(best, threads * BytesOfThread / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            return best;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static void Read(byte* part)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (long i = 0; i < BytesOfThread; i += 128)
        {
            a += Vector256.Load((int*)(part + i));
            b += Vector256.Load((int*)(part + i + 32));
            c += Vector256.Load((int*)(part + i + 64));
            d += Vector256.Load((int*)(part + i + 96));
        }

        GC.KeepAlive(Vector256.Sum(a + b + c + d));
    }
}
