namespace Harness.Formats.Quantizing;

/// <summary>A model cannot be quantized as asked: says what, where, and what to do.</summary>
public sealed class QuantizeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What is wrong.</param>
    /// <param name="where">Which file, tensor or option.</param>
    /// <param name="remedy">What to do.</param>
    public QuantizeException(string what, string where, string remedy)
        : base($"{what} ({where}). {remedy}")
    {
        What = what;
        Where = where;
        Remedy = remedy;
    }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>Which file, tensor or option.</summary>
    public string Where { get; }

    /// <summary>What to do.</summary>
    public string Remedy { get; }
}
