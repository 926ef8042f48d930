using System.Runtime.Versioning;

namespace Harness.Workers.Processes;

/// <summary>
/// A descriptor as a stream. <see cref="FileStream"/> would keep a position of its own where the descriptor is a
/// redirected file, and overwrite what others append to it.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class DescriptorStream(int descriptor, FileAccess access) : Stream
{
    public override bool CanRead => access == FileAccess.Read;

    public override bool CanWrite => access == FileAccess.Write;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer) => Math.Max(0, LibC.ReadSome(descriptor, buffer));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = LibC.WriteSome(descriptor, buffer);
            if (count < 0)
                throw new IOException("nobody reads the worker's stdout any more");
            buffer = buffer[count..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
