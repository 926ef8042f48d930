namespace Harness.Text.Templates.Nodes;

/// <summary><c>{% for target in items if test recursive %}…{% else %}…{% endfor %}</c>.</summary>
internal sealed class ForStatement(
    int line, Expression target, Expression items, Expression? test, bool recursive, Statement[] body, Statement[] otherwise) : Statement(line)
{
    private Expression? _testTarget;
    private Slot? _loopSlot;
    private ScopeLayout? _layout;
    private ScopeLayout? _testLayout;
    private ScopeLayout? _elseLayout;

    public override IEnumerable<object?> Fields => [new Assigned(target), items, body, otherwise, test];

    public override Flow Execute(RenderState state, Scope scope)
    {
        object? sequence = items.Evaluate(state, scope);
        if (!recursive) return Loop(state, scope, sequence, 0);
        state.Capture(() => Loop(state, scope, sequence, 0), out string text);
        state.Write(text);
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols) => NameAnalysis.Read(items, symbols);

    public override void Bind(Frame frame)
    {
        Frame inner = frame.InnerLoop(), tested = frame.Inner(), none = frame.Inner();
        bool extended = recursive || NameAnalysis.Mentions(body, "loop");
        if (extended) inner.Symbols.Declare("loop");
        NameAnalysis.Declare(target, inner.Symbols);
        foreach (Statement one in body) one.Analyze(inner.Symbols);
        foreach (Statement one in otherwise) one.Analyze(none.Symbols);
        if (test is not null)
        {
            // The same names, in the scope of the test.
            _testTarget = Targets.Clone(target);
            NameAnalysis.Declare(_testTarget, tested.Symbols);
            NameAnalysis.Read(test, tested.Symbols);
            tested.Bind(_testTarget);
            tested.Bind(test);
            _testLayout = tested.Symbols.Layout();
        }

        if (Targets.Names(target).Contains("loop"))
            throw new TemplateException(TemplateFailure.Syntax, "Can't assign to special loop variable in for-loop target", Line);
        if (extended) _loopSlot = inner.Symbols.Find("loop");
        inner.Bind(target);
        _layout = inner.BindScope(body, null);
        _elseLayout = none.BindScope(otherwise, null);
        frame.Bind(items);
    }

    private Flow Loop(RenderState state, Scope scope, object? sequence, int depth)
    {
        IEnumerable<object?> each = test is null ? PyIteration.Each(state, sequence) : Tested(state, scope, sequence);
        // Jinja2 asks for else's sake whether a body came to its end: one that always continues leaves else to run.
        bool finished = false;
        if (_loopSlot is { } slot)
        {
            var loop = new LoopContext(state, test is null ? sequence : null, each.GetEnumerator(), depth, recursive ? Recurse : null);
            while (loop.MoveNext())
                if (!One(loop.Current, inner => inner.Set(slot, loop))) break;
        }
        else
        {
            foreach (object? item in each)
                if (!One(item, null)) break;
        }

        if (otherwise.Length > 0 && !finished) return Run(otherwise, state, _elseLayout!.Enter(state, scope));
        return Flow.Next;

        bool One(object? item, Action<Scope>? prepare)
        {
            state.Step();
            Scope inner = _layout!.Enter(state, scope);
            prepare?.Invoke(inner);
            Targets.Store(target, state, inner, item);
            switch (Run(body, state, inner))
            {
                case Flow.Break: return false;
                case Flow.Next: finished = true; break;
            }

            return true;
        }

        string Recurse(object? deeper)
        {
            using (state.Deeper("recursive loop"))
            {
                state.Capture(() => Loop(state, scope, deeper, depth + 1), out string text);
                return text;
            }
        }
    }

    private IEnumerable<object?> Tested(RenderState state, Scope scope, object? sequence)
    {
        Scope inner = _testLayout!.Enter(state, scope);
        foreach (object? item in PyIteration.Each(state, sequence))
        {
            Targets.Store(_testTarget!, state, inner, item);
            if (PyTruth.IsTrue(test!.Evaluate(state, inner))) yield return item;
        }
    }
}
