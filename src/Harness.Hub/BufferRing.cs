using System.Threading.Channels;

namespace Harness.Hub;

/// <summary>A few buffers that go round: who wants one waits until one is free, so that memory stays flat.</summary>
internal sealed class BufferRing
{
    private readonly Channel<byte[]> _free;

    /// <summary>Makes the buffers; each is allocated when it is first wanted.</summary>
    public BufferRing(int count, int size)
    {
        Size = size;
        _free = Channel.CreateBounded<byte[]>(count);
        for (int i = 0; i < count; i++)
            _free.Writer.TryWrite([]);
    }

    /// <summary>Bytes of each.</summary>
    public int Size { get; }

    /// <summary>Takes a buffer.</summary>
    public async ValueTask<byte[]> RentAsync(CancellationToken cancellation)
    {
        byte[] buffer = await _free.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        return buffer.Length == Size ? buffer : GC.AllocateUninitializedArray<byte>(Size);
    }

    /// <summary>Gives it back.</summary>
    public void Return(byte[] buffer) => _free.Writer.TryWrite(buffer);
}
