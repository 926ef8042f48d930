using Harness.Engine.Compute;

namespace Harness.Engine.Blocks;

/// <summary>Rows of activations, one a token of the panel.</summary>
/// <param name="start">The first token's row.</param>
/// <param name="stride">Floats from one row to the next; a multiple of 16.</param>
internal readonly unsafe struct PanelRows(float* start, int stride)
{
    public float* Start => start;

    public int Stride => stride;

    public float* this[int token] => start + ((long)token * stride);
}

/// <summary>Where a session keeps rows of activations: laid out before there is memory.</summary>
/// <param name="Offset">Floats from the start of its memory.</param>
/// <param name="Stride">Floats from one row to the next.</param>
/// <param name="Kept">In the memory that lasts for the whole panel, not only for one block.</param>
internal readonly record struct RowsLayout(long Offset, int Stride, bool Kept);

/// <summary>
/// The tokens being evaluated together and all memory of a session: rows of activations, each thread's scratch, and the
/// state that blocks keep from one panel to the next. Laid out by <see cref="BlockContext"/>, then reserved at once.
/// </summary>
internal sealed unsafe class Panel : IDisposable
{
    private readonly int[] ids;
    private NativeBuffer? activations;
    private NativeBuffer? state;
    private NativeBuffer? integers;
    private float* kept;
    private float* scratch;
    private float* threads;
    private long threadFloats;

    /// <param name="capacity">Tokens there is room for.</param>
    public Panel(int capacity)
    {
        Capacity = capacity;
        ids = new int[capacity];
    }

    /// <summary>Tokens there is room for.</summary>
    public int Capacity { get; }

    /// <summary>Tokens in it.</summary>
    public int Tokens { get; private set; }

    /// <summary>The first one's position.</summary>
    public int Start { get; private set; }

    /// <summary>The token ids.</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Tokens);

    /// <summary>Bytes of activations and state.</summary>
    public long Bytes => (activations?.Bytes ?? 0) + (state?.Bytes ?? 0) + (integers?.Bytes ?? 0);

    /// <summary>Takes tokens.</summary>
    public void Fill(ReadOnlySpan<int> tokens, int position)
    {
        tokens.CopyTo(ids);
        Tokens = tokens.Length;
        Start = position;
    }

    /// <summary>The rows of a layout.</summary>
    public PanelRows Rows(RowsLayout layout) => new((layout.Kept ? kept : scratch) + layout.Offset, layout.Stride);

    /// <summary>One thread's scratch.</summary>
    public float* ThreadScratch(int worker) => threads + (worker * threadFloats);

    /// <summary>Room for activations as integers, good until it is asked for again. Grows to the largest that was asked for.</summary>
    public byte* Integers(long bytes)
    {
        if (integers is null || integers.Bytes < bytes)
        {
            integers?.Dispose();
            integers = NativeBuffer.Allocate(bytes);
        }

        return integers.As<byte>();
    }

    /// <summary>A block's state.</summary>
    /// <param name="offset">Bytes from the start.</param>
    public byte* State(long offset) => state!.As<byte>() + offset;

    /// <summary>One thread's scratch of so many floats: aligned, and a cache line more, which keeps threads apart.</summary>
    public static long FloatsOfThread(long floats) => ((floats + 31) / 16 * 16) + 16;

    /// <summary>Reserves the memory that was laid out.</summary>
    /// <param name="memory">How much.</param>
    /// <param name="keptFloats">Of the activations, those that last for the whole panel.</param>
    /// <param name="scratchOfThread">Floats of scratch that one thread needs.</param>
    /// <exception cref="OutOfMemoryException">The system refused.</exception>
    public void Reserve(SessionMemory memory, long keptFloats, long scratchOfThread)
    {
        threadFloats = FloatsOfThread(scratchOfThread);
        state = NativeBuffer.Allocate(memory.StateBytes);
        activations = NativeBuffer.Allocate(memory.ActivationBytes + memory.ThreadBytes);

        // A token's row lies on pages of its own, and a prompt's rows are written column after column.
        SystemMemory.PreferLargePages(activations.As<byte>(), activations.Bytes);
        kept = activations.As<float>();
        scratch = kept + keptFloats;
        threads = kept + (memory.ActivationBytes / sizeof(float));
    }

    public void Dispose()
    {
        activations?.Dispose();
        state?.Dispose();
        integers?.Dispose();
    }
}
