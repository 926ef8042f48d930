namespace Harness.Text.Templates.Builtins;

/// <summary>Reading bound arguments.</summary>
internal static class Parameters
{
    /// <summary>An argument, or what stands for it when it was left out.</summary>
    public static object? Or(this object? value, object? otherwise) => ReferenceEquals(value, Missing.Value) ? otherwise : value;

    /// <summary>Whether it was given.</summary>
    public static bool IsGiven(this object? value) => !ReferenceEquals(value, Missing.Value);

    /// <summary>Its truth, or what stands for it.</summary>
    public static bool Flag(this object? value, bool otherwise = false) => value.IsGiven() ? PyTruth.IsTrue(value) : otherwise;

    /// <summary>An integer that fits, or what stands for it.</summary>
    public static int Count(this object? value, int otherwise) =>
        (int)Math.Clamp(value.IsGiven() ? PyNumber.Index(value) : otherwise, int.MinValue, int.MaxValue);

    /// <summary>A text.</summary>
    /// <exception cref="TemplateException">It is none.</exception>
    public static string Text(this object? value, string what) => PyText.TryGet(value, out string text)
        ? text
        : throw (value is Undefined undefined ? undefined.Used() : TemplateException.Failed($"{what} must be str, not {PyTypes.Name(value)}"));

    /// <summary>A text; null when left out or None.</summary>
    public static string? TextOrNull(this object? value, string what) => value.Or(null) is { } given ? given.Text(what) : null;
}
