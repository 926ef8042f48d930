namespace Harness.Cli.Doctor;

/// <summary>One thing looked at.</summary>
/// <param name="Word"><c>ok</c>; <c>missing</c> or <c>wrong</c>: required, and not there or not usable; <c>optional</c>: not there, and not required.</param>
/// <param name="Name">What was looked at.</param>
/// <param name="Said">What was found, or what goes without it.</param>
/// <param name="HowTo">The command or the change that gets it, or null.</param>
internal sealed record Finding(string Word, string Name, string Said, string? HowTo = null)
{
    /// <summary>Whether the harness can do its work all the same.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool Harmless => Word is "ok" or "optional";

    /// <summary>It is there.</summary>
    public static Finding Ok(string name, string said) => new("ok", name, said);

    /// <summary>Required, and not there.</summary>
    public static Finding Missing(string name, string said, string howTo) => new("missing", name, said, howTo);

    /// <summary>There, and not usable.</summary>
    public static Finding Wrong(string name, string said, string? howTo) => new("wrong", name, said, howTo);

    /// <summary>Not there, and not required.</summary>
    public static Finding Optional(string name, string said, string? howTo = null) => new("optional", name, said, howTo);
}
