using System.Text;

namespace Harness.Matrix.Yaml;

/// <summary>Reads a file as text: bounded, strictly UTF-8, and saying where it is not.</summary>
internal static class YamlText
{
    /// <summary>A matrix of this size is a mistake; nothing larger is read.</summary>
    public const int LargestFile = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string? Read(string path, string shownAs, DiagnosticBag bag)
    {
        byte[] bytes;
        try
        {
            if (Directory.Exists(path))
            {
                bag.Add(new SourceMark(shownAs), null, "this is a directory, not a file", "name the YAML file itself");
                return null;
            }

            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            // A device or a pipe has no length to trust: read up to the bound and one byte more.
            using MemoryStream held = new();
            byte[] chunk = new byte[64 << 10];
            for (int read; (read = stream.Read(chunk)) > 0 && held.Length <= LargestFile;) held.Write(chunk, 0, read);
            bytes = held.ToArray();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            bag.Add(new SourceMark(shownAs), null, "there is no such file", "check the path, or create the file");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            bag.Add(new SourceMark(shownAs), null, "the file cannot be read: " + e.Message, "check its permissions");
            return null;
        }

        if (bytes.Length > LargestFile)
        {
            bag.Add(new SourceMark(shownAs), null, $"the file is larger than {Wording.Bytes(LargestFile)}", "split it into several files");
            return null;
        }

        return Decode(bytes, shownAs, bag);
    }

    public static string? Decode(byte[] bytes, string shownAs, DiagnosticBag bag)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            bag.Add(new SourceMark(shownAs), null, "the file is UTF-16", "save it as UTF-8");
            return null;
        }

        int start = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
        try
        {
            return Strict.GetString(bytes, start, bytes.Length - start);
        }
        catch (DecoderFallbackException e)
        {
            int at = Math.Clamp(start + e.Index, 0, bytes.Length - 1);
            int line = 1 + bytes.AsSpan(0, at).Count((byte)'\n');
            int column = at - bytes.AsSpan(0, at).LastIndexOf((byte)'\n');
            bag.Add(new SourceMark(shownAs, line, column), null, $"the byte 0x{bytes[at]:x2} is not UTF-8", "save the file as UTF-8");
            return null;
        }
    }
}
