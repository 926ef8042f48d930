using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>What Python calls the types of values, and their truth.</summary>
internal static class PyTypes
{
    /// <summary>The type's name.</summary>
    public static string Name(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string => "str",
        Markup => "Markup",
        PyList => "list",
        PyTuple { Names: not null } => "_GroupTuple",
        PyTuple => "tuple",
        PyDict => "dict",
        Undefined => "Undefined",
        PyNamespace => "Namespace",
        PyRange => "range",
        PyDictView view => view.Kind,
        PyIterator iterator => iterator.Kind,
        PySlice => "slice",
        MacroFunction => "Macro",
        LoopContext => "LoopContext",
        Cycler => "Cycler",
        TemplateSelf => "TemplateReference",
        _ => "builtin_function_or_method",
    };

    /// <summary>A value in a message of Jinja2's: most go by their type.</summary>
    public static string Described(object? value) => value switch
    {
        null => "None",
        PyNamespace => "jinja2.utils.Namespace object",
        MacroFunction => "jinja2.runtime.Macro object",
        LoopContext => "jinja2.runtime.LoopContext object",
        Markup => "markupsafe.Markup object",
        _ => $"{Name(value)} object",
    };
}

/// <summary>Truth.</summary>
internal static class PyTruth
{
    // Boxed once.
    public static object True { get; } = true;

    public static object False { get; } = false;

    public static object Box(bool value) => value ? True : False;

    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        Markup markup => markup.Text.Length > 0,
        PyList list => list.Items.Count > 0,
        PyTuple tuple => tuple.Items.Length > 0,
        PyDict dict => dict.Count > 0,
        PyDictView view => view.Dict.Count > 0,
        PyRange range => range.Count > 0,
        LoopContext loop => loop.Length() > 0,
        _ => true,
    };
}
