using System.Text;

namespace Harness.Matrix;

/// <summary>One mistake in a matrix, a catalogue or a selection: what, where, and what to do about it.</summary>
/// <param name="Message">What is wrong, as one sentence without a full stop.</param>
/// <param name="Remedy">What is allowed, the nearest right word, or what to do; null when the message says it all.</param>
/// <param name="File">The file, as it was given to the loader; null for a mistake on the command line.</param>
/// <param name="Line">Line in the file, from 1; 0 when the whole file is meant.</param>
/// <param name="Column">Column in the line, from 1; 0 when the whole line or file is meant.</param>
/// <param name="Field">The field, as a path (<c>models[2].shape.layers</c>), or the option (<c>--model</c>); null for none.</param>
public sealed record Diagnostic(
    string Message, string? Remedy = null, string? File = null, int Line = 0, int Column = 0, string? Field = null)
{
    /// <summary>Where the mistake is, as <c>matrix.yaml:12:5, profiles.default.models</c>; null when nowhere in particular.</summary>
    public string? Where
    {
        get
        {
            StringBuilder text = new();
            if (File is not null)
            {
                text.Append(File);
                if (Line > 0) text.Append(':').Append(Line);
                if (Column > 0) text.Append(':').Append(Column);
            }

            if (Field is not null)
            {
                if (text.Length > 0) text.Append(", ");
                text.Append(Field);
            }

            return text.Length == 0 ? null : text.ToString();
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        (Where is { } where ? where + ": " : "") + Message + (Remedy is null ? "" : "; " + Remedy);
}
