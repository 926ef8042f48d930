using System.Formats.Tar;
using System.IO.Compression;

namespace Harness.Workers.Backends;

/// <summary>
/// Unpacks the libraries of a node-llama-cpp archive: the files below <c>package/bins/PLATFORM/</c>. Only plain files
/// with plain names, within bounds; anything else in that directory refuses the archive.
/// </summary>
internal static class PackageArchive
{
    internal const int MostEntries = 10_000;
    internal const long MostBytes = 8L << 30;

    /// <summary>Unpacks into a directory, over what is there.</summary>
    /// <exception cref="BackendException">The archive is damaged, or holds what must not be unpacked.</exception>
    public static async Task ExtractAsync(string archive, string package, string directory, CancellationToken cancellation)
    {
        // "@node-llama-cpp/linux-x64" keeps its libraries in bins/linux-x64.
        string prefix = $"package/bins/{package[(package.LastIndexOf('/') + 1)..]}/";
        try
        {
            FileStream file = File.OpenRead(archive);
            await using (file.ConfigureAwait(false))
            {
                var unzipped = new GZipStream(file, CompressionMode.Decompress);
                await using (unzipped.ConfigureAwait(false))
                {
                    var tar = new TarReader(unzipped);
                    await using (tar.ConfigureAwait(false))
                        await ExtractAsync(tar, prefix, directory, cancellation).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw Refused($"{Path.GetFileName(archive)} is damaged: {e.Message}", e);
        }
    }

    private static async Task ExtractAsync(TarReader tar, string prefix, string directory, CancellationToken cancellation)
    {
        int entries = 0;
        long bytes = 0;
        while (await tar.GetNextEntryAsync(copyData: false, cancellation).ConfigureAwait(false) is { } entry)
        {
            if (++entries > MostEntries)
                throw Refused($"more than {MostEntries} entries");
            if (!entry.Name.StartsWith(prefix, StringComparison.Ordinal) || entry.EntryType == TarEntryType.Directory)
                continue;
            string name = entry.Name[prefix.Length..];
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                throw Refused($"{entry.Name} is a {entry.EntryType}, not a plain file");
            if (!IsPlain(name))
                throw Refused($"{entry.Name} is not a plain path");
            if ((bytes += entry.Length) > MostBytes)
                throw Refused($"more than {MostBytes} bytes unpacked");
            // The add-on for Node.js itself: of no use here.
            if (name.EndsWith(".node", StringComparison.Ordinal))
                continue;
            string path = Path.Combine(directory, name.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await entry.ExtractToFileAsync(path, overwrite: true, cancellation).ConfigureAwait(false);
        }
    }

    private static bool IsPlain(string name) => name.Split('/')
        .All(part => part.Length is > 0 and <= 128
            && part[0] != '.'
            && !part.EndsWith('.')
            && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+'));

    private static BackendException Refused(string what, Exception? inner = null) => new(
        BackendFailure.Corrupt, $"the package's archive is refused: {what}", "Try again; if it persists, report it.", inner);
}
