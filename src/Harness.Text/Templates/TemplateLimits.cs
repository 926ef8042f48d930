namespace Harness.Text.Templates;

/// <summary>
/// What one rendering may use. A template comes with a model, so it is untrusted: Jinja2's sandbox keeps it from the
/// machine, but not from looping for ever or filling the memory.
/// </summary>
public sealed record TemplateLimits
{
    /// <summary>The limits used when none are given: a thousand times what real templates need.</summary>
    public static TemplateLimits Default { get; } = new();

    /// <summary>Characters of the template itself.</summary>
    public int SourceLength { get; init; } = 1 << 18;

    /// <summary>Operations: expressions evaluated, statements run, items taken from a sequence.</summary>
    public long Steps { get; init; } = 5_000_000;

    /// <summary>Bytes of text and lists made while rendering, those let go included.</summary>
    public long Memory { get; init; } = 256L << 20;

    /// <summary>Macros and recursive loops within each other.</summary>
    public int Depth { get; init; } = 200;
}
