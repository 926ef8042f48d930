namespace Harness.Text.Templates.Nodes;

/// <summary>A macro's parameters and body, or those of a call block.</summary>
/// <param name="line">The line.</param>
/// <param name="name">The macro's name; null for a call block.</param>
/// <param name="parameters">The parameters.</param>
/// <param name="defaults">Defaults of the last parameters.</param>
/// <param name="body">The body.</param>
internal sealed class MacroBody(int line, string? name, NameExpression[] parameters, Expression[] defaults, Statement[] body)
{
    private ScopeLayout? _layout;
    private Slot? _caller;
    private Slot? _named;
    private Slot? _rest;
    private bool _takesCaller;

    public string? Name => name;

    /// <summary>Binds it as a scope inside a frame.</summary>
    public void Bind(Frame frame)
    {
        Frame inner = frame.InnerFunction();
        foreach (NameExpression parameter in parameters) inner.Symbols.Declare(parameter.Name);
        foreach (Expression one in defaults) NameAnalysis.Read(one, inner.Symbols);
        if (Special("caller"))
        {
            int explicitly = Array.FindIndex(parameters, parameter => parameter.Name == "caller");
            if (explicitly >= 0 && explicitly < parameters.Length - defaults.Length)
                throw new TemplateException(TemplateFailure.Syntax, "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.", line);
            _takesCaller = true;
        }

        string[] special = [.. new[] { "caller", "kwargs", "varargs" }.Where(one => Special(one) && !parameters.Any(parameter => parameter.Name == one))];
        foreach (string one in special) inner.Symbols.Declare(one);
        foreach (Statement one in body) one.Analyze(inner.Symbols);
        foreach (NameExpression parameter in parameters) inner.Bind(parameter);
        foreach (Expression one in defaults) inner.Bind(one);
        _caller = Of("caller");
        _named = Of("kwargs");
        _rest = Of("varargs");
        _layout = inner.BindScope(body, null);

        bool Special(string one) => NameAnalysis.Mentions(body, one);
        Slot? Of(string one) => special.Contains(one) ? inner.Symbols.Find(one) : null;
    }

    /// <summary>Calls it.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="closure">The scope it was defined in.</param>
    /// <param name="given">The arguments.</param>
    /// <returns>The text it wrote.</returns>
    public string Call(RenderState state, Scope closure, Arguments given)
    {
        using RenderState.Depth deeper = state.Deeper("macro");
        Scope scope = _layout!.Enter(state, closure);
        Fill(scope, given);
        for (int i = 0; i < parameters.Length; i++)
        {
            if (!ReferenceEquals(scope.Get(parameters[i].Slot), Missing.Value)) continue;
            int fallback = i - (parameters.Length - defaults.Length);
            scope.Set(parameters[i].Slot, fallback >= 0
                ? defaults[fallback].Evaluate(state, scope)
                : new Undefined($"parameter '{parameters[i].Name}' was not provided"));
        }

        state.Capture(body, scope, out string text);
        return text;
    }

    private void Fill(Scope scope, Arguments given)
    {
        var named = given.Named.ToList();
        bool foundCaller = given.Positional.Length >= parameters.Length && parameters.Any(parameter => parameter.Name == "caller");
        for (int i = 0; i < parameters.Length; i++)
        {
            object? value = Missing.Value;
            if (i < given.Positional.Length) value = given.Positional[i];
            else
            {
                if (parameters[i].Name == "caller") foundCaller = true;
                value = Take(named, parameters[i].Name);
            }

            scope.Set(parameters[i].Slot, value);
        }

        if (_takesCaller && !foundCaller)
        {
            object? caller = Take(named, "caller");
            if (ReferenceEquals(caller, Missing.Value) || caller is null) caller = new Undefined("No caller defined");
            if (_caller is { } slot) scope.Set(slot, caller);
        }

        if (_named is { } kwargs) scope.Set(kwargs, PyDict.Of(named));
        else if (named.Count > 0) throw TemplateException.Failed(named.Exists(one => one.Key == "caller")
            ? $"macro {Described} was invoked with two values for the special caller argument. This is most likely a bug."
            : $"macro {Described} takes no keyword argument '{named[0].Key}'");
        object?[] rest = given.Positional.Length > parameters.Length ? given.Positional[parameters.Length..] : [];
        if (_rest is { } varargs) scope.Set(varargs, new PyTuple(rest));
        else if (rest.Length > 0) throw TemplateException.Failed($"macro {Described} takes not more than {parameters.Length} argument(s)");
    }

    private string Described => name is null ? "None" : $"'{name}'";

    private static object? Take(List<KeyValuePair<string, object?>> named, string name)
    {
        int at = named.FindIndex(one => one.Key == name);
        if (at < 0) return Missing.Value;
        object? value = named[at].Value;
        named.RemoveAt(at);
        return value;
    }

    /// <summary>What it is made of.</summary>
    public IEnumerable<object?> Fields => [.. parameters.Select(parameter => new Assigned(parameter)), .. defaults, body];
}

/// <summary><c>{% macro name(…) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(int line, NameExpression target, MacroBody macro) : Statement(line)
{
    private bool _isTopLevel;

    public override IEnumerable<object?> Fields => macro.Fields;

    public override Flow Execute(RenderState state, Scope scope)
    {
        scope.Set(target.Slot, new MacroFunction(macro, scope));
        if (_isTopLevel) state.Export(target, scope);
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols) => symbols.Store(target.Name);

    public override void Bind(Frame frame)
    {
        macro.Bind(frame);
        frame.Bind(target);
        _isTopLevel = frame.IsTopLevel;
    }
}

/// <summary><c>{% call(…) macro(…) %}…{% endcall %}</c>: the block is the macro's <c>caller</c>.</summary>
internal sealed class CallStatement(int line, CallExpression call, MacroBody block) : Statement(line)
{
    public override IEnumerable<object?> Fields => [call, .. block.Fields];

    public override Flow Execute(RenderState state, Scope scope)
    {
        state.WriteBlock(call.Evaluate(state, scope, new MacroFunction(block, scope)));
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols) => NameAnalysis.Read(call, symbols);

    public override void Bind(Frame frame)
    {
        block.Bind(frame);
        frame.Bind(call);
    }
}

/// <summary><c>{% generation %}…{% endgeneration %}</c>: marks what the model itself writes; a scope of its own, otherwise as if it were not there.</summary>
internal sealed class GenerationStatement(int line, MacroBody block) : Statement(line)
{
    public override IEnumerable<object?> Fields => block.Fields;

    public override Flow Execute(RenderState state, Scope scope)
    {
        state.Write(block.Call(state, scope, Arguments.None));
        return Flow.Next;
    }

    public override void Analyze(Symbols symbols)
    {
    }

    public override void Bind(Frame frame) => block.Bind(frame);
}
