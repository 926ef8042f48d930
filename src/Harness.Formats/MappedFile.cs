using System.IO.MemoryMappedFiles;

namespace Harness.Formats;

/// <summary>A file mapped read-only from its first byte to its last.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private byte* start;

    private MappedFile(string path, long length, MemoryMappedFile file, MemoryMappedViewAccessor view)
    {
        Path = path;
        Length = length;
        this.file = file;
        this.view = view;
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        start = pointer + view.PointerOffset;
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="empty">Makes the error for a file without bytes, which cannot be mapped.</param>
    public static MappedFile Open(string path, Func<string, Exception> empty)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        MemoryMappedFile? file = null;
        try
        {
            // The length is taken once, from the open file: what is checked is what is mapped.
            long length = stream.Length;
            if (length == 0)
                throw empty(path);
            file = MemoryMappedFile.CreateFromFile(
                stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(path, length, file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read));
        }
        catch
        {
            file?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>A place in the file; throws where the file does not hold it.</summary>
    public byte* Slice(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(start == null, this);
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset), "The bytes asked for are not in this file.");
        return start + offset;
    }

    public void Dispose()
    {
        if (start == null)
            return;
        start = null;
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
