using System.Runtime.InteropServices;

namespace Harness.Engine.Compute;

/// <summary>Zeroed native memory for activations, aligned for every register width, outside the garbage collector.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    // A cache line, and a register of 512 bits.
    private const int Alignment = 64;

    private void* memory;

    private NativeBuffer(void* memory, long bytes)
    {
        this.memory = memory;
        Bytes = bytes;
    }

    /// <summary>Bytes reserved. Pages never written take no physical memory.</summary>
    public long Bytes { get; }

    /// <summary>Reserves zeroed memory.</summary>
    /// <exception cref="OutOfMemoryException">The system refused.</exception>
    public static NativeBuffer Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        nuint size = (nuint)Math.Max(bytes, Alignment);

        // calloc takes large blocks straight from the system, which zeroes pages when they are touched; an aligned
        // allocation would have to be cleared here and be resident at once. So: a little more, and aligned by hand.
        void* memory = NativeMemory.AllocZeroed(size + Alignment);
        return new NativeBuffer(memory, (long)size);
    }

    /// <summary>The first aligned element.</summary>
    public T* As<T>()
        where T : unmanaged => (T*)(((nuint)memory + Alignment - 1) & ~(nuint)(Alignment - 1));

    public void Dispose()
    {
        NativeMemory.Free(memory);
        memory = null;
    }
}
