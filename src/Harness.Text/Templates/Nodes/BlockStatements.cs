namespace Harness.Text.Templates.Nodes;

/// <summary><c>{% with a = 1 %}…{% endwith %}</c>: the values are those of the scope outside.</summary>
internal sealed class WithStatement(int line, Expression[] targets, Expression[] values, Statement[] body) : Statement(line)
{
    private ScopeLayout? _layout;

    public override IEnumerable<object?> Fields => [.. targets.Select(target => new Assigned(target)), .. values, body];

    public override Flow Execute(RenderState state, Scope scope)
    {
        Scope inner = _layout!.Enter(state, scope);
        for (int i = 0; i < targets.Length; i++) Targets.Store(targets[i], state, inner, values[i].Evaluate(state, scope));
        return Run(body, state, inner);
    }

    public override void Analyze(Symbols symbols)
    {
        foreach (Expression value in values) NameAnalysis.Read(value, symbols);
    }

    public override void Bind(Frame frame)
    {
        Frame inner = frame.Inner();
        foreach (Expression target in targets) NameAnalysis.Declare(target, inner.Symbols);
        foreach (Statement one in body) one.Analyze(inner.Symbols);
        foreach (Expression target in targets) inner.Bind(target);
        foreach (Expression value in values) frame.Bind(value);
        _layout = inner.BindScope(body, null);
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterStatement(int line, FilterExpression filter, Statement[] body) : Statement(line)
{
    private ScopeLayout? _layout;

    public override IEnumerable<object?> Fields => [body, filter];

    public override Flow Execute(RenderState state, Scope scope)
    {
        Scope inner = _layout!.Enter(state, scope);
        if (state.Capture(body, inner, out string text) is not Flow.Next and var flow) return flow;
        state.WriteBlock(filter.ApplyToBlock(state, inner, text));
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols) => NameAnalysis.Read(filter, symbols);

    public override void Bind(Frame frame)
    {
        Frame inner = frame.Inner();
        foreach (Statement one in body) one.Analyze(inner.Symbols);
        NameAnalysis.Read(filter, inner.Symbols);
        _layout = inner.BindScope(body, filter);
    }
}

/// <summary><c>{% block name %}…{% endblock %}</c>. Without inheritance it renders where it stands, with the template's variables only.</summary>
internal sealed class BlockStatement(int line, string name, Statement[] body) : Statement(line)
{
    private ScopeLayout? _layout;

    public string Name => name;

    public override Flow Execute(RenderState state, Scope scope)
    {
        Render(state);
        return Flow.Next;
    }

    /// <summary>Its text, as <c>self.name()</c> gives it.</summary>
    public void Render(RenderState state)
    {
        using (state.Deeper("block")) Run(body, state, _layout!.Enter(state, null));
    }

    public override void Analyze(Symbols symbols)
    {
    }

    public override void Bind(Frame frame)
    {
        Frame own = frame.Template.Block(this);
        foreach (Statement one in body) one.Analyze(own.Symbols);
        _layout = own.BindScope(body, null);
    }
}

/// <summary>What needs another template: there is none to be had, as in Jinja2 without a loader.</summary>
internal sealed class LoaderStatement(int line, Expression template, string[] targets) : Statement(line)
{
    public override IEnumerable<object?> Fields => [template];

    public override Flow Execute(RenderState state, Scope scope) =>
        throw TemplateException.Failed("no loader for this environment specified");

    public override void Analyze(Symbols symbols)
    {
        NameAnalysis.Read(template, symbols);
        foreach (string target in targets) symbols.Store(target);
    }

    public override void Bind(Frame frame) => frame.Bind(template);
}
