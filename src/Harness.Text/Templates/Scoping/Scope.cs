namespace Harness.Text.Templates.Scoping;

/// <summary>Where a variable lies: so many scopes up, at an index.</summary>
internal readonly record struct Slot(int Up, int Index);

/// <summary>The variables of one entry into a scope.</summary>
/// <param name="count">How many.</param>
/// <param name="parent">The scope around it, or null.</param>
internal sealed class Scope(int count, Scope? parent)
{
    private readonly object?[] _values = new object?[count];

    /// <summary>The scope around it.</summary>
    public Scope? Parent => parent;

    public object? Get(Slot slot) => At(slot.Up)._values[slot.Index];

    public void Set(Slot slot, object? value) => At(slot.Up)._values[slot.Index] = value;

    private Scope At(int up)
    {
        Scope scope = this;
        for (; up > 0; up--) scope = scope.Parent!;
        return scope;
    }
}

/// <summary>What a variable holds when its scope is entered.</summary>
internal enum LoadKind
{
    /// <summary>It is given on entry: a parameter or a loop's target.</summary>
    Parameter,

    /// <summary>What the template was given under its name, or nothing.</summary>
    Context,

    /// <summary>What the scope around it holds.</summary>
    Outer,

    /// <summary>Nothing yet.</summary>
    Nothing,
}

/// <summary>How one variable starts.</summary>
/// <param name="Index">Its index in the scope.</param>
/// <param name="Kind">From where.</param>
/// <param name="Name">Its name.</param>
/// <param name="Outer">For <see cref="LoadKind.Outer"/>: where, seen from the new scope.</param>
internal readonly record struct Load(int Index, LoadKind Kind, string Name, Slot Outer);

/// <summary>A scope's variables, known once the template is read.</summary>
/// <param name="Count">How many.</param>
/// <param name="Loads">How they start.</param>
internal sealed record ScopeLayout(int Count, Load[] Loads)
{
    /// <summary>Enters the scope.</summary>
    public Scope Enter(Rendering.RenderState state, Scope? parent)
    {
        state.ChargeItems(Count);
        var scope = new Scope(Count, parent);
        foreach (Load load in Loads)
        {
            object? value = load.Kind switch
            {
                LoadKind.Context => state.Resolve(load.Name),
                LoadKind.Outer => scope.Get(load.Outer),
                _ => Missing.Value,
            };
            scope.Set(new Slot(0, load.Index), value);
        }

        return scope;
    }
}
