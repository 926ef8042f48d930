using System.Threading.Channels;

namespace Harness.Hub;

/// <summary>
/// The bytes of a download that has not ended: appended in order, and hashed on another thread while the next are fetched.
/// What lies on the disk is always a beginning of the file, so that any client can go on from it.
/// </summary>
internal sealed class BlobFile : IDisposable
{
    private const int ReadSize = 1 << 20;

    private readonly ResolvedFile _file;
    private readonly string _path;
    private readonly FileStream _target;
    private Channel<(ReadOnlyMemory<byte> Bytes, Action Done)> _toHash = null!;
    private ContentHash _hash = null!;
    private Task _hashing = null!;

    /// <summary>Opens what is there, or begins.</summary>
    /// <exception cref="HubException">It cannot be written.</exception>
    public BlobFile(ResolvedFile file, string path)
    {
        (_file, _path) = (file, path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _target = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HubCache.DiskFailure(path, e);
        }

        Begin();
    }

    /// <summary>Bytes that are on the disk.</summary>
    public long Position { get; private set; }

    /// <summary>What the hash is called.</summary>
    public string HashName => _hash.Name;

    /// <summary>Hashes what an earlier process left; more than the file's size is thrown away.</summary>
    public async Task ResumeAsync(CancellationToken cancellation)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(ReadSize);
        try
        {
            if (_target.Length > _file.Size)
                _target.SetLength(0);
            while (Position < _target.Length)
            {
                int read = await RandomAccess.ReadAsync(_target.SafeFileHandle, buffer, Position, cancellation).ConfigureAwait(false);
                if (read == 0)
                    break;
                _hash.Append(buffer.AsSpan(0, read));
                Position += read;
            }
        }
        catch (IOException e)
        {
            throw HubCache.DiskFailure(_path, e);
        }
    }

    /// <summary>Writes the next bytes and has them hashed.</summary>
    /// <param name="bytes">The bytes; they must stay as they are until <paramref name="done"/>.</param>
    /// <param name="done">Called, on any thread, when they are not needed any more.</param>
    public void Append(ReadOnlyMemory<byte> bytes, Action done)
    {
        try
        {
            // The page cache takes it: asynchronous writing would cost a thread more and gain nothing.
            RandomAccess.Write(_target.SafeFileHandle, bytes.Span, Position);
        }
        catch (IOException e)
        {
            done();
            throw HubCache.DiskFailure(_path, e);
        }

        Position += bytes.Length;
        _toHash.Writer.TryWrite((bytes, done));
    }

    /// <summary>Throws everything away.</summary>
    public async Task StartOverAsync()
    {
        await EndHashingAsync().ConfigureAwait(false);
        _hash.Dispose();
        try
        {
            _target.SetLength(0);
        }
        catch (IOException e)
        {
            throw HubCache.DiskFailure(_path, e);
        }

        Position = 0;
        Begin();
    }

    /// <summary>Waits for the hash of everything.</summary>
    /// <returns>Lower-case hex.</returns>
    public async Task<string> FinishAsync()
    {
        await EndHashingAsync().ConfigureAwait(false);
        return _hash.Finish();
    }

    private void Begin()
    {
        ContentHash hash = _hash = ContentHash.For(_file);
        Channel<(ReadOnlyMemory<byte> Bytes, Action Done)> queue = _toHash = Channel.CreateUnbounded<(ReadOnlyMemory<byte>, Action)>(
            new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        _hashing = Task.Run(async () =>
        {
            await foreach ((ReadOnlyMemory<byte> bytes, Action done) in queue.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                hash.Append(bytes.Span);
                done();
            }
        });
    }

    private Task EndHashingAsync()
    {
        _toHash.Writer.TryComplete();
        return _hashing;
    }

    public void Dispose()
    {
        // Hashing ends soon: its buffers are few.
        EndHashingAsync().GetAwaiter().GetResult();
        _hash.Dispose();
        _target.Dispose();
    }
}
