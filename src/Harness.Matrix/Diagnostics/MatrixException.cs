namespace Harness.Matrix;

/// <summary>A matrix, a catalogue or a selection that cannot be used: every mistake found in one pass.</summary>
public sealed class MatrixException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="diagnostics">The mistakes, at least one.</param>
    public MatrixException(IReadOnlyList<Diagnostic> diagnostics)
        : base(string.Join(Environment.NewLine, diagnostics)) => Diagnostics = diagnostics;

    /// <summary>Creates the exception of one mistake.</summary>
    /// <param name="diagnostic">The mistake.</param>
    public MatrixException(Diagnostic diagnostic)
        : this([diagnostic])
    {
    }

    /// <summary>The mistakes, in the order of files and lines.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; }
}
