namespace Harness.Text.Templates.Nodes;

/// <summary>What is assigned to: a name, a namespace's attribute, or a tuple of such.</summary>
internal static class Targets
{
    /// <summary>Whether an expression can be assigned to.</summary>
    public static bool CanAssign(Expression target) =>
        target is NameExpression or NamespaceTarget || (target is TupleExpression tuple && tuple.Parts.All(CanAssign));

    /// <summary>The same target, to be bound in another scope.</summary>
    public static Expression Clone(Expression target) => target switch
    {
        NameExpression name => new NameExpression(name.Line, name.Name),
        TupleExpression tuple => new TupleExpression(tuple.Line, [.. tuple.Parts.Select(Clone)]),
        _ => target,
    };

    /// <summary>The names it assigns, without those of namespaces.</summary>
    public static IEnumerable<string> Names(Expression target) => target switch
    {
        NameExpression name => [name.Name],
        TupleExpression tuple => tuple.Parts.SelectMany(Names),
        _ => [],
    };

    /// <summary>Fails, before anything is evaluated, when what should be a namespace is none.</summary>
    public static void CheckNamespaces(Expression target, RenderState state, Scope scope)
    {
        if (target is NamespaceTarget one) one.Find(state, scope);
        else if (target is TupleExpression)
            foreach (Expression part in target.Parts) CheckNamespaces(part, state, scope);
    }

    /// <summary>Assigns a value, unpacking it where the target is a tuple.</summary>
    public static void Store(Expression target, RenderState state, Scope scope, object? value)
    {
        switch (target)
        {
            case NameExpression name:
                scope.Set(name.Slot, value);
                break;
            case NamespaceTarget attribute:
                attribute.Store(state, scope, value);
                break;
            case TupleExpression { Parts: var parts }:
                Unpack(parts, state, scope, value);
                break;
            default:
                throw new InvalidOperationException("The parser lets no other target through.");
        }
    }

    private static void Unpack(IReadOnlyList<Expression> parts, RenderState state, Scope scope, object? value)
    {
        if (!PyIteration.CanIterate(value)) throw TemplateException.Failed($"cannot unpack non-iterable {PyTypes.Name(value)} object");
        var values = new object?[parts.Count];
        int count = 0;
        foreach (object? item in PyIteration.Each(state, value))
        {
            if (count == values.Length) throw TemplateException.Failed($"too many values to unpack (expected {values.Length})");
            values[count++] = item;
        }

        if (count < values.Length) throw TemplateException.Failed($"not enough values to unpack (expected {values.Length}, got {count})");
        for (int i = 0; i < values.Length; i++) Store(parts[i], state, scope, values[i]);
    }
}
