namespace Harness.Engine;

/// <summary>A model that cannot be run, in words fit to be quoted: what is wrong, and in which tensor or key.</summary>
public class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong and where.</param>
    /// <param name="inner">What caused it.</param>
    public ModelException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>
/// A sound model that asks for something this engine does not compute: an architecture, a tensor type, a feature. Known
/// from the header alone, before any weight is read.
/// </summary>
public sealed class UnsupportedModelException : ModelException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is missing, by name.</param>
    public UnsupportedModelException(string message)
        : base(message)
    {
    }
}
