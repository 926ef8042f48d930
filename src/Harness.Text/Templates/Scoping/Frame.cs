namespace Harness.Text.Templates.Scoping;

/// <summary>What is known of a template as a whole while it is bound.</summary>
internal sealed class TemplateBlocks
{
    /// <summary>Its blocks, by name.</summary>
    public Dictionary<string, BlockStatement> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>A frame of its own for a block.</summary>
    public Frame Block(BlockStatement block)
    {
        if (!ByName.TryAdd(block.Name, block)) throw new TemplateException(TemplateFailure.Syntax, $"block '{block.Name}' defined twice", block.Line);
        return Frame.Of(this, isTopLevel: false);
    }
}

/// <summary>Where in a template names are being bound.</summary>
internal sealed class Frame
{
    private readonly bool _isSoft;

    private Frame(TemplateBlocks template, Symbols symbols, bool isTopLevel, bool isSoft, bool isInLoop)
    {
        Template = template;
        Symbols = symbols;
        IsTopLevel = isTopLevel;
        _isSoft = isSoft;
        IsInLoop = isInLoop;
    }

    /// <summary>The template.</summary>
    public TemplateBlocks Template { get; }

    /// <summary>The scope's names.</summary>
    public Symbols Symbols { get; }

    /// <summary>Whether what is assigned here is seen by blocks and macros through the template's variables.</summary>
    public bool IsTopLevel { get; }

    /// <summary>Whether <c>break</c> has a loop to end.</summary>
    public bool IsInLoop { get; }

    /// <summary>A frame with a scope that has none around it.</summary>
    public static Frame Of(TemplateBlocks template, bool isTopLevel) => new(template, new Symbols(null), isTopLevel, isSoft: false, isInLoop: false);

    /// <summary>A scope inside this one.</summary>
    public Frame Inner() => new(Template, new Symbols(Symbols), isTopLevel: false, isSoft: false, IsInLoop);

    /// <summary>A loop's body.</summary>
    public Frame InnerLoop() => new(Template, new Symbols(Symbols), isTopLevel: false, isSoft: false, isInLoop: true);

    /// <summary>A macro's body: no loop around it reaches in.</summary>
    public Frame InnerFunction() => new(Template, new Symbols(Symbols), isTopLevel: false, isSoft: false, isInLoop: false);

    /// <summary>The same scope where a branch may never be taken: filters nobody has matter only when it is.</summary>
    public Frame Soft() => new(Template, Symbols, IsTopLevel, isSoft: true, IsInLoop);

    /// <summary>Finds the places of an expression's names.</summary>
    public void Bind(Expression expression)
    {
        switch (expression)
        {
            case NameExpression name:
                name.Slot = Symbols.Find(name.Name);
                return;
            case FilterExpression filter when !_isSoft && Builtins.Filters.Find(filter.Name) is null:
                throw new TemplateException(TemplateFailure.Syntax, $"No filter named '{filter.Name}'.", filter.Line);
            case TestExpression test when !_isSoft && Builtins.Tests.Find(test.Name) is null:
                throw new TemplateException(TemplateFailure.Syntax, $"No test named '{test.Name}'.", test.Line);
        }

        Frame inside = expression is ConditionalExpression ? Soft() : this;
        foreach (Expression part in expression.Parts) inside.Bind(part);
    }

    /// <summary>Binds a scope's body, and lays the scope out.</summary>
    /// <param name="body">The body, analysed already.</param>
    /// <param name="filter">What is applied to its text, or null.</param>
    public ScopeLayout BindScope(Statement[] body, Expression? filter)
    {
        ScopeLayout layout = Symbols.Layout();
        foreach (Statement one in body) one.Bind(this);
        if (filter is not null) Bind(filter);
        return layout;
    }
}
