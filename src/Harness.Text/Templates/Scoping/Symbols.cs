namespace Harness.Text.Templates.Scoping;

/// <summary>
/// The names of one scope while a template is bound. Jinja2 decides when it compiles where each name lies, and so decides
/// what a name means before it is assigned: these are its rules (jinja2/idtracking.py).
/// </summary>
internal sealed class Symbols
{
    // Shared by a scope and its branches: a name has one place in all of them.
    private readonly Dictionary<string, int> _places;
    private readonly Dictionary<string, LoadKind> _loads;
    private readonly HashSet<string> _stores;

    /// <summary>Creates a scope.</summary>
    /// <param name="parent">The scope around it, or null.</param>
    public Symbols(Symbols? parent)
    {
        Parent = parent;
        _places = new(StringComparer.Ordinal);
        _loads = new(StringComparer.Ordinal);
        _stores = new(StringComparer.Ordinal);
    }

    private Symbols(Symbols? parent, Dictionary<string, int> places, Dictionary<string, LoadKind> loads, HashSet<string> stores)
    {
        Parent = parent;
        _places = places;
        _loads = loads;
        _stores = stores;
    }

    /// <summary>The scope around it.</summary>
    public Symbols? Parent { get; }

    /// <summary>A copy for one branch of an <c>if</c>; <see cref="Merge"/> brings the branches together.</summary>
    public Symbols Branch() => new(Parent, _places, new(_loads, StringComparer.Ordinal), new(_stores, StringComparer.Ordinal));

    /// <summary>A name that something is given: a parameter, a loop's target.</summary>
    public void Declare(string name)
    {
        _stores.Add(name);
        Define(name, LoadKind.Parameter);
    }

    /// <summary>A name that is assigned.</summary>
    public void Store(string name)
    {
        _stores.Add(name);
        if (_loads.ContainsKey(name)) return;
        Define(name, Parent?.Knows(name) == true ? LoadKind.Outer : LoadKind.Nothing);
    }

    /// <summary>A name that is read.</summary>
    public void Read(string name)
    {
        if (!Knows(name)) Define(name, LoadKind.Context);
    }

    /// <summary>Takes in the branches of an <c>if</c>: what any of them assigned may or may not have been.</summary>
    public void Merge(params ReadOnlySpan<Symbols> branches)
    {
        var assigned = new List<string>();
        var seen = new HashSet<string>(_stores, StringComparer.Ordinal);
        foreach (Symbols branch in branches)
            foreach (string name in branch._stores)
                if (seen.Add(name)) assigned.Add(name);
        foreach (Symbols branch in branches)
        {
            foreach ((string name, LoadKind load) in branch._loads) _loads[name] = load;
            _stores.UnionWith(branch._stores);
        }

        foreach (string name in assigned)
            Define(name, Parent?.Knows(name) == true ? LoadKind.Outer : LoadKind.Context);
    }

    /// <summary>Where a name lies, seen from this scope.</summary>
    public Slot Find(string name)
    {
        int up = 0;
        for (Symbols? scope = this; scope is not null; scope = scope.Parent, up++)
            if (scope._loads.ContainsKey(name)) return new Slot(up, scope._places[name]);
        throw new InvalidOperationException($"The name {name} was never seen in this scope.");
    }

    /// <summary>The scope's layout, once all names were seen.</summary>
    public ScopeLayout Layout() => new(_places.Count, [.. _loads.Select(load => new Load(
        _places[load.Key], load.Value, load.Key,
        load.Value == LoadKind.Outer && Parent!.Find(load.Key) is var slot ? slot with { Up = slot.Up + 1 } : default))]);

    private bool Knows(string name)
    {
        for (Symbols? scope = this; scope is not null; scope = scope.Parent)
            if (scope._loads.ContainsKey(name)) return true;
        return false;
    }

    private void Define(string name, LoadKind kind)
    {
        _places.TryAdd(name, _places.Count);
        _loads[name] = kind;
    }
}
