using System.Runtime.InteropServices;
using System.Text;

namespace Harness.Workers.LlamaCpp;

/// <summary>
/// What llama.cpp and ggml say while they work. A failed load or decode returns only null or a number; the reason is
/// in the lines logged meanwhile, so these are kept (bounded) beside being forwarded.
/// </summary>
internal sealed unsafe class LlamaLog : IDisposable
{
    private const int MostLines = 4000;
    private const int LongestLine = 4096;
    private const int DebugLevel = 1;
    private const int ErrorLevel = 4;
    private const int ContinuationLevel = 5;

    private readonly Lock _lock = new();
    private readonly TextWriter _forward;
    private readonly List<(int Level, string Text)> _lines = [];
    private readonly StringBuilder _partial = new();
    private GCHandle _self;
    private int _level;

    /// <summary>Starts an empty log.</summary>
    /// <param name="forward">Gets all text as it comes.</param>
    public LlamaLog(TextWriter forward)
    {
        _forward = forward;
        _self = GCHandle.Alloc(this);
    }

    /// <summary>The callback to give to <c>llama_log_set</c>, with <see cref="UserData"/>.</summary>
    public static delegate* unmanaged<int, byte*, void*, void> Callback => &OnNativeText;

    /// <summary>Identifies this log to <see cref="Callback"/>.</summary>
    public void* UserData => (void*)GCHandle.ToIntPtr(_self);

    /// <summary>Forgets the lines so far.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _lines.Clear();
            _partial.Clear();
        }
    }

    /// <summary>The lines since <see cref="Clear"/>.</summary>
    public IReadOnlyList<string> Lines()
    {
        lock (_lock)
            return [.. Flushed().Select(line => line.Text)];
    }

    /// <summary>The error lines since <see cref="Clear"/>.</summary>
    public IReadOnlyList<string> Errors()
    {
        lock (_lock)
            return [.. Flushed().Where(line => line.Level == ErrorLevel).Select(line => line.Text)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_self.IsAllocated)
            _self.Free();
    }

    /// <summary>Takes a piece of text; a line may come in several.</summary>
    internal void Append(int level, string text)
    {
        lock (_lock)
        {
            if (level != ContinuationLevel)
            {
                EndLine();
                _level = level;
            }

            // Debugging lines are hundreds for every batch, and cost more than computing a small one.
            if (_level == DebugLevel)
                return;
            _forward.Write(text);

            int start = 0;
            for (int end; (end = text.IndexOf('\n', start)) >= 0; start = end + 1)
            {
                Add(text.AsSpan(start, end - start));
                EndLine();
            }

            Add(text.AsSpan(start));
        }
    }

    // No exception may cross into native code, and a log that cannot be written is no reason to stop.
    [UnmanagedCallersOnly]
    private static void OnNativeText(int level, byte* text, void* userData)
    {
        try
        {
            if (GCHandle.FromIntPtr((nint)userData).Target is LlamaLog log)
                log.Append(level, NativeText.Read(text));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private void Add(ReadOnlySpan<char> text)
    {
        int room = LongestLine - _partial.Length;
        _partial.Append(text.Length <= room ? text : text[..Math.Max(0, room)]);
    }

    private void EndLine()
    {
        string line = _partial.ToString().TrimEnd();
        _partial.Clear();
        if (line.Length == 0)
            return;
        // The reason of a failure is near the end: when full, the older half goes.
        if (_lines.Count == MostLines)
            _lines.RemoveRange(0, MostLines / 2);
        _lines.Add((_level, line));
    }

    private List<(int Level, string Text)> Flushed()
    {
        EndLine();
        return _lines;
    }
}
