namespace Harness.Text.Templates.Nodes;

/// <summary>A part of an expression. Once bound to its scope it does not change, so a template may render at once on many threads.</summary>
internal abstract class Expression
{
    private int _height;

    protected Expression(int line) => Line = line;

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The expressions it is made of, in the order of their evaluation.</summary>
    public virtual IReadOnlyList<Expression> Parts => [];

    /// <summary>How deep it is: evaluation goes as deep.</summary>
    public int Height => _height == 0 ? _height = 1 + Parts.Select(part => part.Height).DefaultIfEmpty().Max() : _height;

    /// <summary>What an error calls it when something is assigned to it.</summary>
    public virtual string NodeName => GetType().Name.Replace("Expression", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Its value.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="scope">The variables.</param>
    public abstract object? Evaluate(RenderState state, Scope scope);
}

/// <summary>A literal.</summary>
internal sealed class ConstExpression(int line, object? value) : Expression(line)
{
    public object? Value => value;

    public override object? Evaluate(RenderState state, Scope scope) => value;
}

/// <summary>A variable.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    private readonly Undefined _undefined = Undefined.Name(name);

    public string Name => name;

    /// <summary>Where it lies, once bound.</summary>
    public Slot Slot { get; set; }

    public override object? Evaluate(RenderState state, Scope scope) => scope.Get(Slot) is var value && ReferenceEquals(value, Missing.Value) ? _undefined : value;
}

/// <summary>A list.</summary>
internal sealed class ListExpression(int line, Expression[] items) : Expression(line)
{
    public override IReadOnlyList<Expression> Parts => items;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        state.ChargeItems(items.Length);
        var made = new object?[items.Length];
        for (int i = 0; i < made.Length; i++) made[i] = items[i].Evaluate(state, scope);
        return new PyList(made);
    }
}

/// <summary>A tuple, or names to which one is unpacked.</summary>
internal sealed class TupleExpression(int line, Expression[] items) : Expression(line)
{
    public override IReadOnlyList<Expression> Parts => items;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        state.ChargeItems(items.Length);
        var made = new object?[items.Length];
        for (int i = 0; i < made.Length; i++) made[i] = items[i].Evaluate(state, scope);
        return new PyTuple(made);
    }
}

/// <summary>A dict.</summary>
/// <param name="line">The line.</param>
/// <param name="items">Keys and values by turns.</param>
internal sealed class DictExpression(int line, Expression[] items) : Expression(line)
{
    public override IReadOnlyList<Expression> Parts => items;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        state.ChargeItems(items.Length);
        var made = new PyDict();
        for (int i = 0; i < items.Length; i += 2)
        {
            object? key = items[i].Evaluate(state, scope);
            made.Set(key, items[i + 1].Evaluate(state, scope));
        }

        return made;
    }
}

/// <summary>Text parts joined by <c>~</c>.</summary>
internal sealed class ConcatExpression(int line, Expression[] items) : Expression(line)
{
    public override IReadOnlyList<Expression> Parts => items;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        var parts = new string[items.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = PyRepr.Str(state, items[i].Evaluate(state, scope));
        return state.Concat(parts);
    }
}

/// <summary><c>a if test else b</c>.</summary>
internal sealed class ConditionalExpression(int line, Expression test, Expression then, Expression? otherwise) : Expression(line)
{
    private readonly Expression[] _parts = otherwise is null ? [test, then] : [test, then, otherwise];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => "condexpr";

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        if (PyTruth.IsTrue(test.Evaluate(state, scope))) return then.Evaluate(state, scope);
        return otherwise is null
            ? new Undefined($"the inline if-expression on line {Line} evaluated to false and no else section was defined.")
            : otherwise.Evaluate(state, scope);
    }
}
