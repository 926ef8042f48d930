using System.Collections.Immutable;

namespace Harness.Conversion;

/// <summary>
/// A model cannot be converted. Says what is wrong, at which step, where (file, field, tensor) and what to do about it; where
/// a shape does not fit, also the shape that was expected and the one that was found.
/// </summary>
public sealed class ConversionException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="step">What was being done: <c>read config.json</c>, <c>map attn_q of layer 3</c>.</param>
    /// <param name="what">What is wrong, without a closing full stop.</param>
    /// <param name="where">Where: a file, a field, a tensor.</param>
    /// <param name="remedy">What the reader can do about it.</param>
    /// <param name="innerException">The cause, where there is one.</param>
    public ConversionException(string step, string what, string where, string remedy, Exception? innerException = null)
        : base($"{what} ({where}; {step}). {remedy}", innerException)
    {
        Step = step;
        What = what;
        Where = where;
        Remedy = remedy;
    }

    /// <summary>What was being done.</summary>
    public string Step { get; }

    /// <summary>What is wrong.</summary>
    public string What { get; }

    /// <summary>Where it is wrong.</summary>
    public string Where { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }

    /// <summary>Whether the model is sound for all that is known, but of a kind that is not converted.</summary>
    public bool Unsupported { get; init; }

    /// <summary>The tensor at fault, or null.</summary>
    public string? Tensor { get; init; }

    /// <summary>The shape that was expected, outermost length first; empty where no shape is at fault.</summary>
    public ImmutableArray<long> Expected { get; init; } = [];

    /// <summary>The shape that was found, outermost length first.</summary>
    public ImmutableArray<long> Found { get; init; } = [];
}
