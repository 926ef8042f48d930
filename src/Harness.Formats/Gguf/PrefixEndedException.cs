namespace Harness.Formats.Gguf;

/// <summary>
/// The bytes at hand end before the header does, although the file goes on. Never leaves
/// <see cref="GgufHeader.TryParse"/>: it happens once or twice a download, and as an exception it keeps every reading
/// step of the parser free of a second return path.
/// </summary>
internal sealed class PrefixEndedException(long needed) : Exception
{
    /// <summary>The least prefix with which more can be read.</summary>
    public long Needed { get; } = needed;
}
