using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Harness.Hub;

/// <summary>
/// The hash a file is known by: sha256 of the content for large-file storage, otherwise git's blob id,
/// sha1 of <c>"blob " + length + "\0" + content</c>.
/// </summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash _hash;

    private ContentHash(string name, IncrementalHash hash)
    {
        Name = name;
        _hash = hash;
    }

    /// <summary><c>sha256</c> or <c>git sha1</c>.</summary>
    public string Name { get; }

    /// <summary>Starts the hash that a file's promise is written in.</summary>
    public static ContentHash For(ResolvedFile file) => Of(file.Sha256 is not null || file.GitSha1 is null, file.Size);

    /// <summary>Starts sha256, or git's blob id of a content of a known length.</summary>
    public static ContentHash Of(bool sha256, long size)
    {
        if (sha256)
            return new ContentHash("sha256", IncrementalHash.CreateHash(HashAlgorithmName.SHA256));
        var git = new ContentHash("git sha1", IncrementalHash.CreateHash(HashAlgorithmName.SHA1));
        git.Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {size}\0")));
        return git;
    }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Ends the hash.</summary>
    /// <returns>Lower-case hex.</returns>
    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();
}
