using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

#pragma warning disable CA5350 // Commits and blobs are named by sha1 because git names them so.

namespace Harness.LoopbackHub;

/// <summary>A file of a repository on disk.</summary>
internal sealed record StoredFile(string Path, string DiskPath, long Size, string Oid, string? Sha256)
{
    /// <summary>What git holds in place of a large file.</summary>
    public static string Pointer(string sha256, long size) =>
        $"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n";
}

/// <summary>A repository at a revision.</summary>
internal sealed record StoredRevision(string Repo, string Commit, IReadOnlyList<StoredFile> Files)
{
    public StoredFile? Find(string path) => Files.FirstOrDefault(f => f.Path == path);
}

/// <summary>Reads repositories from a directory; the commit is a hash of the contents, so that it is the same everywhere.</summary>
internal sealed class RepoStore(LoopbackOptions options)
{
    private static readonly string[] ModelEndings = [".gguf", ".safetensors", ".bin", ".onnx", ".pt", ".pth", ".h5", ".msgpack", ".model"];

    private readonly ConcurrentDictionary<string, (long Size, DateTime Changed, string Oid, string? Sha256)> _hashes = new();

    public IEnumerable<string> Repos() =>
        from owner in Directory.EnumerateDirectories(options.Root)
        from name in Directory.EnumerateDirectories(owner)
        where !Path.GetFileName(name).Contains('@')
        orderby Path.GetFileName(owner), Path.GetFileName(name)
        select $"{Path.GetFileName(owner)}/{Path.GetFileName(name)}";

    public bool Exists(string repo) => IsName(repo) && Directory.Exists(Path.Combine(options.Root, repo));

    /// <summary>A revision by branch, tag or commit; null when there is none.</summary>
    public StoredRevision? Open(string repo, string revision)
    {
        if (revision is "main" or "HEAD")
            return Read(repo, Path.Combine(options.Root, repo));
        string beside = Path.Combine(options.Root, repo) + "@" + revision.Replace('/', '_');
        if (Directory.Exists(beside))
            return Read(repo, beside);
        if (revision.Length != 40)
            return null;
        string owner = Path.GetDirectoryName(Path.Combine(options.Root, repo))!;
        string name = Path.GetFileName(repo);
        return Directory.EnumerateDirectories(owner)
            .Where(d => Path.GetFileName(d) == name || Path.GetFileName(d).StartsWith(name + "@", StringComparison.Ordinal))
            .Select(d => Read(repo, d)).FirstOrDefault(r => r.Commit == revision);
    }

    private static bool IsName(string repo) =>
        repo.Split('/') is { Length: 2 } parts && parts.All(p => p.Length > 0 && p is not ("." or "..") && !p.Contains('\\'));

    private StoredRevision Read(string repo, string directory)
    {
        StoredFile[] files = [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
            .Select(p => ReadFile(directory, p)).OrderBy(f => f.Path, StringComparer.Ordinal)];
        string tree = string.Concat(files.Select(f => $"{f.Path}\0{f.Oid}\0{f.Size}\n"));
        string commit = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes("commit " + repo + "\n" + tree)));
        return new StoredRevision(repo, commit, files);
    }

    private StoredFile ReadFile(string directory, string path)
    {
        var info = new FileInfo(path);
        string name = Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/');
        if (!_hashes.TryGetValue(path, out var known) || known.Size != info.Length || known.Changed != info.LastWriteTimeUtc)
        {
            bool large = info.Length >= options.LargeFileSize || ModelEndings.Contains(Path.GetExtension(path).ToLowerInvariant());
            string? sha256 = !large ? null
                : info.Length <= options.LargestHashed ? Hash(path, SHA256.HashData)
                : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name} of {info.Length} bytes")));
            string oid = sha256 is null ? GitId(File.ReadAllBytes(path)) : GitId(Encoding.UTF8.GetBytes(StoredFile.Pointer(sha256, info.Length)));
            _hashes[path] = known = (info.Length, info.LastWriteTimeUtc, oid, sha256);
        }
        return new StoredFile(name, path, info.Length, known.Oid, known.Sha256);
    }

    private static string Hash(string path, Func<Stream, byte[]> hash)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(hash(stream));
    }

    private static string GitId(byte[] content) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
}
