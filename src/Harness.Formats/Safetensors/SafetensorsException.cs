namespace Harness.Formats.Safetensors;

/// <summary>
/// A safetensors file, or a set of shards, is not what it must be. Says what is wrong, where (file, byte offset, tensor) and
/// what to do about it; the three are kept apart so that a command line can print them as three lines.
/// </summary>
public sealed class SafetensorsException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What is wrong, without a closing full stop.</param>
    /// <param name="where">Where: a byte offset, a tensor or a file.</param>
    /// <param name="remedy">What the reader can do about it.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public SafetensorsException(string what, string where, string remedy, Exception? innerException = null)
        : base($"{what} ({where}). {remedy}", innerException)
    {
        What = what;
        Where = where;
        Remedy = remedy;
    }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>Where it is wrong: a byte offset, a tensor or a file.</summary>
    public string Where { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }

    /// <summary>The same error, naming the file it was found in.</summary>
    /// <param name="source">A path or an address.</param>
    /// <returns>A new exception whose <see cref="Where"/> begins with <paramref name="source"/>.</returns>
    public SafetensorsException In(string source) => new(What, $"{source}, {Where}", Remedy, this);
}
