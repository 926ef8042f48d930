namespace Harness.Text.Templates.Nodes;

/// <summary><c>value.name</c>: an attribute, else an item.</summary>
internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    private readonly Expression[] _parts = [target];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => "getattr";

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        return PyAccess.Attribute(state, target.Evaluate(state, scope), name);
    }
}

/// <summary><c>value[key]</c>: an item, else an attribute.</summary>
internal sealed class ItemExpression(int line, Expression target, Expression key) : Expression(line)
{
    private readonly Expression[] _parts = [target, key];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => "getitem";

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        object? value = target.Evaluate(state, scope);
        return PyAccess.Item(state, value, key.Evaluate(state, scope));
    }
}

/// <summary><c>[start:stop:step]</c>, between the brackets only.</summary>
internal sealed class SliceExpression(int line, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    private readonly Expression[] _parts = [.. new[] { start, stop, step }.OfType<Expression>()];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override object? Evaluate(RenderState state, Scope scope) =>
        new PySlice(start?.Evaluate(state, scope), stop?.Evaluate(state, scope), step?.Evaluate(state, scope));
}

/// <summary>What stands between the parentheses of a call, a filter or a test.</summary>
/// <param name="Positional">In order.</param>
/// <param name="Names">The names of <paramref name="Named"/>.</param>
/// <param name="Named">By name.</param>
/// <param name="Rest"><c>*args</c>, or null.</param>
/// <param name="NamedRest"><c>**kwargs</c>, or null.</param>
internal sealed record ArgumentList(Expression[] Positional, string[] Names, Expression[] Named, Expression? Rest, Expression? NamedRest)
{
    /// <summary>No parentheses, or nothing between them.</summary>
    public static ArgumentList None { get; } = new([], [], [], null, null);

    /// <summary>Its expressions.</summary>
    public IEnumerable<Expression> Parts => [.. Positional, .. Named, .. new[] { Rest, NamedRest }.OfType<Expression>()];

    /// <summary>Evaluates them.</summary>
    public Arguments Evaluate(RenderState state, Scope scope)
    {
        if (Positional.Length == 0 && Named.Length == 0 && Rest is null && NamedRest is null) return Arguments.None;
        var positional = new List<object?>(Positional.Length);
        foreach (Expression one in Positional) positional.Add(one.Evaluate(state, scope));
        if (Rest is not null) positional.AddRange(PyIteration.Each(state, Rest.Evaluate(state, scope)));
        if (Named.Length == 0 && NamedRest is null) return new Arguments([.. positional], []);
        var named = new List<KeyValuePair<string, object?>>(Named.Length);
        for (int i = 0; i < Named.Length; i++) AddNamed(named, Names[i], Named[i].Evaluate(state, scope));
        if (NamedRest is not null)
        {
            if (NamedRest.Evaluate(state, scope) is not PyDict more) throw TemplateException.Failed("argument after ** must be a mapping");
            foreach ((object? key, object? value) in more.Entries)
                AddNamed(named, key as string ?? throw TemplateException.Failed("keywords must be strings"), value);
        }

        return new Arguments([.. positional], [.. named]);
    }

    private static void AddNamed(List<KeyValuePair<string, object?>> named, string name, object? value)
    {
        if (named.Exists(one => one.Key == name)) throw TemplateException.Failed($"got multiple values for keyword argument '{name}'");
        named.Add(new(name, value));
    }
}

/// <summary>A call.</summary>
internal sealed class CallExpression(int line, Expression target, ArgumentList arguments) : Expression(line)
{
    private readonly Expression[] _parts = [target, .. arguments.Parts];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => "call";

    public override object? Evaluate(RenderState state, Scope scope) => Evaluate(state, scope, null);

    /// <summary>Calls it with a <c>caller</c>, as a call block does.</summary>
    public object? Evaluate(RenderState state, Scope scope, Callable? caller)
    {
        state.Step();
        object? called = target.Evaluate(state, scope);
        Arguments given = arguments.Evaluate(state, scope);
        if (caller is not null) given = given.With("caller", caller);
        // A fault lies where the call stands, not where its last argument did.
        state.Line = Line;
        return Callable.Invoke(state, called, given);
    }
}

/// <summary><c>value | filter(…)</c>.</summary>
internal sealed class FilterExpression(int line, Expression? value, string name, ArgumentList arguments) : Expression(line)
{
    private readonly Expression[] _parts = [.. value is null ? Array.Empty<Expression>() : [value], .. arguments.Parts];
    private Builtin? _filter;

    public override IReadOnlyList<Expression> Parts => _parts;

    public string Name => name;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        if (value is null) throw new InvalidOperationException("A filter of a block has its text from the block.");
        return Apply(state, scope, value.Evaluate(state, scope));
    }

    /// <summary>Applies it, and those before it, to the text of a block.</summary>
    public object? ApplyToBlock(RenderState state, Scope scope, object? text) =>
        Apply(state, scope, value is FilterExpression before ? before.ApplyToBlock(state, scope, text) : text);

    private object? Apply(RenderState state, Scope scope, object? input)
    {
        state.Step();
        _filter ??= Filters.Find(name) ?? throw TemplateException.Failed($"No filter named '{name}' found.");
        Arguments given = arguments.Evaluate(state, scope);
        state.Line = Line;
        return _filter.Call(state, input, given);
    }
}

/// <summary><c>value is test</c>.</summary>
internal sealed class TestExpression(int line, Expression value, string name, ArgumentList arguments) : Expression(line)
{
    private readonly Expression[] _parts = [value, .. arguments.Parts];
    private Builtin? _test;

    public override IReadOnlyList<Expression> Parts => _parts;

    public string Name => name;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        _test ??= Tests.Find(name) ?? throw TemplateException.Failed($"No test named '{name}' found.");
        object? input = value.Evaluate(state, scope);
        return _test.Call(state, input, arguments.Evaluate(state, scope));
    }
}

/// <summary>A variable's attribute as a target of <c>set</c>; the variable must be a namespace.</summary>
internal sealed class NamespaceTarget(int line, NameExpression variable, string attribute) : Expression(line)
{
    private readonly Expression[] _parts = [variable];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override object? Evaluate(RenderState state, Scope scope) => throw new InvalidOperationException("It is assigned to, not read.");

    /// <summary>The namespace it writes to.</summary>
    public PyNamespace Find(RenderState state, Scope scope) =>
        scope.Get(variable.Slot) as PyNamespace ?? throw TemplateException.Failed("cannot assign attribute on non-namespace object");

    public void Store(RenderState state, Scope scope, object? value) => Find(state, scope).Set(state, attribute, value);
}
