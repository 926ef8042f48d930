namespace Harness.Text.Templates.Scoping;

/// <summary>A target among the parts of a statement.</summary>
/// <param name="Target">The target.</param>
internal sealed record Assigned(Expression Target);

/// <summary>Which names expressions read and statements assign.</summary>
internal static class NameAnalysis
{
    /// <summary>Adds the names an expression reads.</summary>
    public static void Read(Expression expression, Symbols symbols)
    {
        if (expression is NameExpression name) symbols.Read(name.Name);
        foreach (Expression part in expression.Parts) Read(part, symbols);
    }

    /// <summary>Adds the names a target assigns, and the namespaces it reads.</summary>
    public static void Assign(Expression target, Symbols symbols)
    {
        if (target is NameExpression name) symbols.Store(name.Name);
        else if (target is NamespaceTarget) Read(target, symbols);
        else
            foreach (Expression part in target.Parts) Assign(part, symbols);
    }

    /// <summary>Adds the names of a target that is given a value on entry.</summary>
    public static void Declare(Expression target, Symbols symbols)
    {
        foreach (string name in Targets.Names(target)) symbols.Declare(name);
    }

    /// <summary>Whether statements read a name before they assign it.</summary>
    public static bool Mentions(Statement[] body, string name) => First(body, name) == true;

    /// <summary>True when the name is read first, false when it is assigned first, null when neither.</summary>
    private static bool? First(object? part, string name) => part switch
    {
        Assigned { Target: NamespaceTarget } or null => null,
        Assigned { Target: var target } => Targets.Names(target).Contains(name) ? false : null,
        NameExpression expression when expression.Name == name => true,
        Expression expression => Any(expression.Parts, name),
        Statement statement => Any(statement.Fields, name),
        IEnumerable<Statement> body => Any(body, name),
        _ => null,
    };

    private static bool? Any(IEnumerable<object?> parts, string name)
    {
        foreach (object? part in parts)
            if (First(part, name) is { } found) return found;
        return null;
    }
}
