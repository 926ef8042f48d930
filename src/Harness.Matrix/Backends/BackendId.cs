namespace Harness.Matrix;

/// <summary>An engine and, when it has builds, which one: <c>builtin</c>, <c>llama.cpp@v0.5.0</c>.</summary>
public sealed record BackendId : IComparable<BackendId>
{
    // Kept rather than made anew: plans compare and print it for every cell. The properties have no init, so that
    // 'with' cannot leave it stale.
    private readonly string _text;

    /// <summary>Creates the id.</summary>
    /// <param name="engine">The engine's name, without <c>@</c>.</param>
    /// <param name="version">Its build; null for an engine that has no builds of its own, or for "any".</param>
    public BackendId(string engine, BackendVersion? version = null)
    {
        Engine = engine;
        Version = version;
        _text = version is { } build ? engine + "@" + build.Text : engine;
    }

    /// <summary>The built-in engine.</summary>
    public static BackendId Builtin { get; } = new("builtin");

    /// <summary>The engine's name.</summary>
    public string Engine { get; }

    /// <summary>Its build, or null.</summary>
    public BackendVersion? Version { get; }

    /// <summary>Reads <c>engine</c> or <c>engine@version</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The backend, when it is one.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BackendId? id)
    {
        id = null;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string engine = at < 0 ? text : text[..at];
        if (!CatalogueName.IsOne(engine)) return false;
        if (at < 0)
        {
            id = new(engine);
            return true;
        }

        if (!BackendVersion.TryParse(text[(at + 1)..], out BackendVersion version)) return false;
        id = new(engine, version);
        return true;
    }

    /// <summary>Reads <c>engine</c> or <c>engine@version</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">It is no backend.</exception>
    public static BackendId Parse(string text) => TryParse(text, out BackendId? id)
        ? id
        : throw new FormatException($"{Wording.Quote(text)} is no backend; backends are written builtin or llama.cpp@v0.5.0");

    /// <summary>Whether a glob means this backend: by its whole text, or by its engine alone.</summary>
    /// <param name="glob">The glob; without <c>@</c> it means every version.</param>
    public bool MatchedBy(Glob glob) =>
        glob.Matches(_text) || (Version is not null && !glob.Text.Contains('@', StringComparison.Ordinal) && glob.Matches(Engine));

    /// <summary>By engine, then from old to new; unversioned before versioned.</summary>
    /// <param name="other">The other backend.</param>
    public int CompareTo(BackendId? other)
    {
        if (other is null) return 1;
        int order = string.CompareOrdinal(Engine, other.Engine);
        return order != 0 ? order : Nullable.Compare(Version, other.Version);
    }

    /// <inheritdoc/>
    public bool Equals(BackendId? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    /// <inheritdoc/>
    public override string ToString() => _text;

    /// <summary>Before, by <see cref="CompareTo"/>.</summary>
    public static bool operator <(BackendId left, BackendId right) => left.CompareTo(right) < 0;

    /// <summary>Before or the same.</summary>
    public static bool operator <=(BackendId left, BackendId right) => left.CompareTo(right) <= 0;

    /// <summary>After, by <see cref="CompareTo"/>.</summary>
    public static bool operator >(BackendId left, BackendId right) => left.CompareTo(right) > 0;

    /// <summary>After or the same.</summary>
    public static bool operator >=(BackendId left, BackendId right) => left.CompareTo(right) >= 0;
}
