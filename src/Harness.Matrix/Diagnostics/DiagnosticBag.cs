using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Collects the mistakes of one pass, so that a person sees all of them at once.</summary>
internal sealed class DiagnosticBag
{
    /// <summary>Past this many nobody reads on, and a hostile file could make millions.</summary>
    private const int Most = 200;

    private const int LongestField = 200;

    private readonly List<Diagnostic> _found = [];

    public int Count => _found.Count;

    public void Add(Diagnostic diagnostic)
    {
        if (_found.Count >= Most) return;
        _found.Add(diagnostic with
        {
            Message = Wording.Visible(diagnostic.Message),
            Remedy = diagnostic.Remedy is { } remedy ? Wording.Visible(remedy) : null,
            Field = diagnostic.Field is { } field ? Wording.Visible(field.Length > LongestField ? field[..LongestField] + "…" : field) : null,
        });
    }

    public void Add(SourceMark mark, string? field, string message, string? remedy = null) =>
        Add(new Diagnostic(message, remedy, mark.File, mark.Line, mark.Column, field));

    /// <summary>Reports a word that is none of <paramref name="allowed"/>.</summary>
    public void AddUnknown(SourceMark mark, string? field, string what, string word, IReadOnlyCollection<string> allowed)
    {
        // Looking for the nearest word is the dear part: not for a message nobody will see.
        if (_found.Count < Most) Add(mark, field, $"unknown {what} {Wording.Quote(word)}", Wording.NearestOf(word, allowed));
    }

    public void ThrowIfAny()
    {
        if (_found.Count > 0) throw new MatrixException(_found.ToArray());
    }
}
