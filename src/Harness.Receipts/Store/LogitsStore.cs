using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Harness.Receipts.Store;

/// <summary>Raw logits, kept once under the digest of their content: little-endian float32, tokens × vocabulary.</summary>
/// <param name="folder">The folder; made when first written to.</param>
public sealed class LogitsStore(string folder)
{
    private const string HalfWritten = ".partial";

    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>Where logits with a digest lie, or would lie.</summary>
    /// <param name="sha256">The digest (hex).</param>
    public string PathOf(string sha256) => Path.Combine(Folder, sha256 + ".f32");

    /// <summary>A path in the folder for logits that are still being written; removed when the folder is opened again.</summary>
    public string PathForNew() => Path.GetFullPath(Path.Combine(Folder, $"{Guid.NewGuid():N}{HalfWritten}"));

    /// <summary>Takes a file into the store, moving it.</summary>
    /// <param name="path">A file on the same volume.</param>
    /// <returns>Its digest (hex).</returns>
    public string Take(string path)
    {
        string sha256;
        using (FileStream stream = File.OpenRead(path)) sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
        Directory.CreateDirectory(Folder);
        string target = PathOf(sha256);
        if (File.Exists(target)) File.Delete(path);
        else File.Move(path, target);
        return sha256;
    }

    /// <summary>Reads logits.</summary>
    /// <param name="sha256">The digest (hex).</param>
    /// <returns>The values, or null when they are not here.</returns>
    /// <exception cref="ReceiptException">The file's content does not have that digest.</exception>
    public float[]? Read(string sha256)
    {
        string path = PathOf(sha256);
        if (!File.Exists(path)) return null;
        byte[] bytes = File.ReadAllBytes(path);
        string found = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (found != sha256) throw new ReceiptException($"{path} has the digest {found}: it was changed.");
        float[] values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(0, bytes.Length / 4 * 4)).ToArray();
        if (!BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = BitConverter.Int32BitsToSingle(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(BitConverter.SingleToInt32Bits(values[i])));
        }

        return values;
    }

    /// <summary>Removes what a killed run left half written. Only for the one that holds the folder's lock.</summary>
    internal void RemoveHalfWritten()
    {
        if (!Directory.Exists(Folder)) return;
        foreach (string path in Directory.EnumerateFiles(Folder, "*" + HalfWritten)) File.Delete(path);
    }
}
