namespace Harness.Formats.Forging;

/// <summary>What was asked for cannot be forged: says what, where in the request, and what is possible.</summary>
public sealed class ForgeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What is wrong.</param>
    /// <param name="where">Which part of the request.</param>
    /// <param name="remedy">What is possible instead.</param>
    public ForgeException(string what, string where, string remedy)
        : base($"{what} ({where}). {remedy}")
    {
        What = what;
        Where = where;
        Remedy = remedy;
    }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>Which part of the request.</summary>
    public string Where { get; }

    /// <summary>What is possible instead.</summary>
    public string Remedy { get; }
}
