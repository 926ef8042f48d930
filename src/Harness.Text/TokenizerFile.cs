using System.Text;
using Harness.Formats.Gguf;
using Harness.Text.SentencePiece;

namespace Harness.Text;

/// <summary>
/// Loads a tokenizer from whatever file has one: a GGUF file, a HuggingFace <c>tokenizer.json</c>, a SentencePiece
/// <c>tokenizer.model</c>, or a directory with one of them.
/// </summary>
public static class TokenizerFile
{
    private const long LargestFile = 1L << 30;

    private static readonly string[] Names = ["tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"];

    /// <summary>Loads a tokenizer; what a file is shows in its first bytes, not in its name.</summary>
    /// <param name="path">The file or directory.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="TokenizerException">There is none, or it cannot be used; says why.</exception>
    /// <exception cref="GgufException">The GGUF file is damaged.</exception>
    public static ITextTokenizer Load(string path)
    {
        if (Directory.Exists(path))
            path = FindIn(path);
        byte[] head = new byte[4];
        long length;
        using (FileStream stream = File.OpenRead(path))
        {
            length = stream.Length;
            head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }

        if (head.AsSpan().SequenceEqual("GGUF"u8) || path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            using var file = GgufFile.Open(path);
            return Tokenizer.Create(TokenizerData.FromGguf(file.Metadata));
        }

        if (length > LargestFile)
            throw new TokenizerException($"{path} is no GGUF file, and too large for a tokenizer.");
        byte[] bytes = File.ReadAllBytes(path);
        bool isJson = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) || bytes.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8);
        return isJson ? HuggingFaceTokenizer.Parse(bytes) : FromSentencePiece(bytes);
    }

    /// <summary>Reads a SentencePiece <c>tokenizer.model</c>, BPE or unigram.</summary>
    /// <param name="bytes">The file's bytes.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="TokenizerException">It is damaged, or of another kind.</exception>
    public static Tokenizer FromSentencePiece(ReadOnlyMemory<byte> bytes) => Tokenizer.Create(SentencePieceModel.Read(bytes));

    private static string FindIn(string directory)
    {
        string? found = Names.Select(name => Path.Combine(directory, name)).FirstOrDefault(File.Exists)
            ?? Directory.EnumerateFiles(directory, "*.gguf").Order(StringComparer.Ordinal).FirstOrDefault();
        return found ?? throw new TokenizerException($"There is no tokenizer in {directory}: neither {string.Join(", ", Names)} nor a GGUF file.");
    }
}
