namespace Harness.Text.Templates.Nodes;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>The next one follows.</summary>
    Next,

    /// <summary>The loop ends.</summary>
    Break,

    /// <summary>The loop's next item follows.</summary>
    Continue,
}

/// <summary>A statement: it writes to the prompt, or assigns.</summary>
internal abstract class Statement
{
    protected Statement(int line) => Line = line;

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>Runs it.</summary>
    public abstract Flow Execute(RenderState state, Scope scope);

    /// <summary>Adds the names it uses to the scope it stands in, without those of scopes of its own.</summary>
    public abstract void Analyze(Symbols symbols);

    /// <summary>Finds the places of its names.</summary>
    public abstract void Bind(Frame frame);

    /// <summary>
    /// What it is made of, in the order in which Jinja2 looks for <c>loop</c>, <c>caller</c> and their like: expressions,
    /// <see cref="Assigned"/> targets and bodies.
    /// </summary>
    public virtual IEnumerable<object?> Fields => [];

    /// <summary>Runs statements one after another.</summary>
    public static Flow Run(Statement[] body, RenderState state, Scope scope)
    {
        foreach (Statement one in body)
        {
            state.Step();
            state.Line = one.Line;
            if (one.Execute(state, scope) is not Flow.Next and var flow) return flow;
        }

        return Flow.Next;
    }
}

/// <summary>Text of the template itself.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    public string Text => text;

    public override Flow Execute(RenderState state, Scope scope)
    {
        state.Write(text);
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols)
    {
    }

    public override void Bind(Frame frame)
    {
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    public override Flow Execute(RenderState state, Scope scope)
    {
        state.Write(PyRepr.Str(state, value.Evaluate(state, scope)));
        return Flow.Next;
    }

    public override IEnumerable<object?> Fields => [value];

    public override void Analyze(Symbols symbols) => NameAnalysis.Read(value, symbols);

    public override void Bind(Frame frame) => frame.Bind(value);
}

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(int line, Expression target, Expression value) : Statement(line)
{
    private bool _isTopLevel;

    public override IEnumerable<object?> Fields => [new Assigned(target), value];

    public override Flow Execute(RenderState state, Scope scope)
    {
        Targets.CheckNamespaces(target, state, scope);
        Targets.Store(target, state, scope, value.Evaluate(state, scope));
        if (_isTopLevel) state.Export(target, scope);
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols)
    {
        NameAnalysis.Read(value, symbols);
        NameAnalysis.Assign(target, symbols);
    }

    public override void Bind(Frame frame)
    {
        frame.Bind(target);
        frame.Bind(value);
        _isTopLevel = frame.IsTopLevel;
    }
}

/// <summary><c>{% set target %}…{% endset %}</c>.</summary>
internal sealed class SetBlockStatement(int line, Expression target, FilterExpression? filter, Statement[] body) : Statement(line)
{
    private ScopeLayout? _layout;
    private bool _isTopLevel;

    public override IEnumerable<object?> Fields => [new Assigned(target), filter, body];

    public override Flow Execute(RenderState state, Scope scope)
    {
        Scope inner = _layout!.Enter(state, scope);
        if (state.Capture(body, inner, out string text) is not Flow.Next and var flow) return flow;
        Targets.Store(target, state, scope, filter is null ? text : filter.ApplyToBlock(state, inner, text));
        if (_isTopLevel) state.Export(target, scope);
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols) => NameAnalysis.Assign(target, symbols);

    public override void Bind(Frame frame)
    {
        Frame inner = frame.Inner();
        foreach (Statement one in body) one.Analyze(inner.Symbols);
        // Jinja2 itself does not look into the filter of a set block; a name only it uses could not be found there.
        if (filter is not null) NameAnalysis.Read(filter, inner.Symbols);
        _layout = inner.BindScope(body, filter);
        frame.Bind(target);
        _isTopLevel = frame.IsTopLevel;
    }
}

/// <summary><c>{% if %}</c>.</summary>
/// <param name="line">The line.</param>
/// <param name="branches">Tests and what follows each.</param>
/// <param name="otherwise">What follows when none holds.</param>
internal sealed class IfStatement(int line, (Expression Test, Statement[] Body)[] branches, Statement[] otherwise) : Statement(line)
{
    public override IEnumerable<object?> Fields => [.. branches.SelectMany(branch => new object[] { branch.Test, branch.Body }), otherwise];

    public override Flow Execute(RenderState state, Scope scope)
    {
        foreach ((Expression test, Statement[] body) in branches)
        {
            state.Step();
            state.Line = test.Line;
            if (PyTruth.IsTrue(test.Evaluate(state, scope))) return Run(body, state, scope);
        }

        return Run(otherwise, state, scope);
    }

    public override void Analyze(Symbols symbols)
    {
        // The first test; then three branches: the body, all of elif together, and else.
        NameAnalysis.Read(branches[0].Test, symbols);
        Symbols then = symbols.Branch(), between = symbols.Branch(), last = symbols.Branch();
        foreach (Statement one in branches[0].Body) one.Analyze(then);
        foreach ((Expression test, Statement[] body) in branches.AsSpan(1))
        {
            // Each elif is an if of its own, without an else.
            NameAnalysis.Read(test, between);
            Symbols branch = between.Branch(), none = between.Branch();
            foreach (Statement one in body) one.Analyze(branch);
            between.Merge(branch, none, none);
        }

        foreach (Statement one in otherwise) one.Analyze(last);
        symbols.Merge(then, between, last);
    }

    public override void Bind(Frame frame)
    {
        Frame soft = frame.Soft();
        foreach ((Expression test, Statement[] body) in branches)
        {
            soft.Bind(test);
            foreach (Statement one in body) one.Bind(soft);
        }

        foreach (Statement one in otherwise) one.Bind(soft);
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    public override Flow Execute(RenderState state, Scope scope) => flow;

    public override void Analyze(Symbols symbols)
    {
    }

    public override void Bind(Frame frame)
    {
        if (!frame.IsInLoop) throw new TemplateException(TemplateFailure.Syntax, flow == Flow.Break ? "'break' outside loop" : "'continue' not properly in loop", Line);
    }
}
