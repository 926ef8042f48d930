using System.Security.Cryptography;
using System.Text;

namespace Harness.Receipts;

/// <summary>
/// What a cell was tried on, as digests. Two receipts with the same <see cref="Digest"/> are repetitions; two with
/// the same <see cref="InputsDigest"/> saw the same files, ids and options on possibly different backends, and can
/// be compared.
/// </summary>
public sealed record Subject
{
    /// <summary>The files, by name.</summary>
    public required IReadOnlyList<FileDigest> Files { get; init; }

    /// <summary>The backend, as <c>llama.cpp@v0.5.0</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>sha256 (hex) of the backend's build, or null while unknown.</summary>
    public string? BackendDigest { get; init; }

    /// <summary>The hardware API asked for.</summary>
    public required string Hardware { get; init; }

    /// <summary>sha256 (hex) of the prompts, their limits and the ids to score.</summary>
    public required string PromptsDigest { get; init; }

    /// <summary>Options that change what is computed.</summary>
    public required RunOptions Options { get; init; }

    /// <summary>sha256 (hex) of all of the above.</summary>
    public string Digest => Hash($"{InputsText()}\nbackend {Backend} {BackendDigest}\nhardware {Hardware}\nthreads {Options.Threads}");

    /// <summary>sha256 (hex) of the files, prompts and options, without the backend, its hardware and its threads.</summary>
    public string InputsDigest => Hash(InputsText());

    private string InputsText()
    {
        var text = new StringBuilder();
        foreach (FileDigest file in Files.OrderBy(f => f.Sha256, StringComparer.Ordinal))
            text.Append("file ").Append(file.Sha256).Append(' ').Append(file.Bytes).Append('\n');
        return text.Append("prompts ").Append(PromptsDigest).Append('\n')
            .Append("context ").Append(Options.ContextLength).Append('\n')
            .Append("kv ").Append(Options.KvType).ToString();
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>A file and its digest.</summary>
/// <param name="Name">Its name, without folders of the machine.</param>
/// <param name="Sha256">sha256 (hex), or null when the file was never here.</param>
/// <param name="Bytes">Its size, or null when not known.</param>
public sealed record FileDigest(string Name, string? Sha256, long? Bytes);

/// <summary>Options that change what is computed.</summary>
/// <param name="ContextLength">Positions of the KV cache.</param>
/// <param name="KvType">Type of the KV cache.</param>
/// <param name="Threads">Compute threads.</param>
public sealed record RunOptions(int ContextLength, string KvType, int Threads);
