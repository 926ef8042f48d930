namespace Harness.Text.Templates.Rendering;

/// <summary>What a call gives.</summary>
/// <param name="Positional">In order.</param>
/// <param name="Named">By name, in order.</param>
internal readonly record struct Arguments(object?[] Positional, KeyValuePair<string, object?>[] Named)
{
    public static Arguments None { get; } = new([], []);

    /// <summary>These and one more by name.</summary>
    public Arguments With(string name, object? value) => this with { Named = [.. Named.Where(one => one.Key != name), new(name, value)] };

    /// <summary>These without the first so many.</summary>
    public Arguments Skip(int count) => this with { Positional = Positional[count..] };
}

/// <summary>Something that can be called.</summary>
internal abstract class Callable
{
    /// <summary>What an error calls it.</summary>
    public abstract string Name { get; }

    /// <summary>Calls it.</summary>
    public abstract object? Call(RenderState state, Arguments given);

    /// <summary>Calls a value, which may not be callable at all.</summary>
    public static object? Invoke(RenderState state, object? called, Arguments given) => called switch
    {
        Callable callable => callable.Call(state, given),
        Undefined undefined => throw undefined.Used(),
        _ => throw TemplateException.Failed($"'{PyTypes.Name(called)}' object is not callable"),
    };
}

/// <summary>A macro, or the block of a <c>call</c>, with the variables around it.</summary>
internal sealed class MacroFunction(MacroBody macro, Scope closure) : Callable
{
    public override string Name => macro.Name ?? "caller";

    public override object? Call(RenderState state, Arguments given) => macro.Call(state, closure, given);

    /// <summary>Attributes of a macro that templates may read.</summary>
    public bool TryAttribute(string name, out object? value)
    {
        value = name == "name" ? macro.Name : Missing.Value;
        return !ReferenceEquals(value, Missing.Value);
    }
}

/// <summary>Work done in C#.</summary>
/// <param name="state">The rendering.</param>
/// <param name="self">What it is a method, a filter or a test of; null for a function.</param>
/// <param name="given">The arguments.</param>
internal delegate object? BuiltinBody(RenderState state, object? self, Arguments given);

/// <summary>A function, filter, test or method of Jinja2 or Python.</summary>
internal sealed class Builtin : Callable
{
    private readonly BuiltinBody _body;

    /// <summary>One that looks at its arguments itself.</summary>
    public Builtin(string name, BuiltinBody body)
    {
        Name = name;
        _body = body;
    }

    /// <summary>One with named parameters, as Python binds them.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parameters">The parameters' names, parted by spaces; those that may be left out end in <c>?</c>.</param>
    /// <param name="body">The work; of what was left out it finds <see cref="Missing.Value"/>.</param>
    public Builtin(string name, string parameters, Func<RenderState, object?, object?[], object?> body)
    {
        string[] names = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Name = name;
        _body = (state, self, given) => body(state, self, Bind(name, names, given));
    }

    public override string Name { get; }

    public override object? Call(RenderState state, Arguments given) => Call(state, null, given);

    /// <summary>Calls it as a filter, test or method of a value.</summary>
    public object? Call(RenderState state, object? self, Arguments given)
    {
        // Whatever it does with a text, it does not take long for its length: what does, counts more itself.
        state.Read(self);
        foreach (object? one in given.Positional) state.Read(one);
        return _body(state, self, given);
    }

    /// <summary>It as a method of a value.</summary>
    public Builtin Of(object self) => new(Name, (state, _, given) => Call(state, self, given));

    private static object?[] Bind(string name, string[] names, Arguments given)
    {
        var bound = new object?[names.Length];
        if (given.Positional.Length > names.Length)
            throw TemplateException.Failed($"{name}() takes at most {names.Length} argument(s) ({given.Positional.Length} given)");
        for (int i = 0; i < bound.Length; i++) bound[i] = i < given.Positional.Length ? given.Positional[i] : Missing.Value;
        foreach ((string key, object? value) in given.Named)
        {
            int at = Array.FindIndex(names, one => one.AsSpan().TrimEnd('?').SequenceEqual(key));
            if (at < 0) throw TemplateException.Failed($"{name}() got an unexpected keyword argument '{key}'");
            if (!ReferenceEquals(bound[at], Missing.Value)) throw TemplateException.Failed($"{name}() got multiple values for argument '{key}'");
            bound[at] = value;
        }

        for (int i = 0; i < bound.Length; i++)
            if (ReferenceEquals(bound[i], Missing.Value) && !names[i].EndsWith('?'))
                throw TemplateException.Failed($"{name}() missing required argument: '{names[i]}'");
        return bound;
    }
}

/// <summary>The variable <c>self</c>: a template's blocks as functions.</summary>
internal sealed class TemplateSelf(IReadOnlyDictionary<string, BlockStatement> blocks)
{
    public object? Block(string name) => !blocks.TryGetValue(name, out BlockStatement? block)
        ? Missing.Value
        : new Builtin(name, (state, _, _) =>
        {
            state.Capture(() =>
            {
                block.Render(state);
                return Flow.Next;
            }, out string text);
            return text;
        });
}
