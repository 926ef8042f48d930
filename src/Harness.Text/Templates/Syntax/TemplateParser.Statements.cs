namespace Harness.Text.Templates.Syntax;

/// <summary>Tags.</summary>
internal sealed partial class TemplateParser
{
    private IReadOnlyList<Statement> Statement()
    {
        Token token = Current;
        if (token.Kind != TokenKind.Name) throw Error("tag name expected");
        _tags.Push(token.Text);
        Next();
        IReadOnlyList<Statement> made = token.Text switch
        {
            "set" => [Set(token.Line)],
            "for" => [For(token.Line)],
            "if" => [If(token.Line)],
            "with" => [With(token.Line)],
            "macro" => [Macro(token.Line)],
            "call" => [Call(token.Line)],
            "filter" => [Filter(token.Line)],
            "generation" => [new GenerationStatement(token.Line, new MacroBody(token.Line, null, [], [], WholeBody("endgeneration")))],
            "break" => [new JumpStatement(token.Line, Flow.Break)],
            "continue" => [new JumpStatement(token.Line, Flow.Continue)],
            "print" => Print(),
            "block" => [Block(token.Line)],
            "extends" => [new LoaderStatement(token.Line, Expression(), [])],
            "include" => [Include(token.Line)],
            "import" => [Import(token.Line)],
            "from" => [From(token.Line)],
            "autoescape" => throw Error("'autoescape' is not supported: a prompt is text, not HTML", token.Line),
            _ => throw Unknown(token),
        };
        _tags.Pop();
        return made;
    }

    private TemplateException Unknown(Token token)
    {
        _tags.Pop();
        return UnknownTag(token.Text, [.. _ends.Reverse()], token.Line);
    }

    private Statement Set(int line)
    {
        Expression target = Target(namespaces: true);
        if (SkipOperator("=")) return new SetStatement(line, target, Tuple(conditional: true));
        FilterExpression? filter = Current.IsOperator("|") ? (FilterExpression)FilterChain(null, inline: false) : null;
        return new SetBlockStatement(line, target, filter, WholeBody("endset"));
    }

    private ForStatement For(int line)
    {
        Expression target = Target(namespaces: false, end: "in");
        ExpectName("in");
        Expression items = Tuple(conditional: false, end: "recursive");
        Expression? test = SkipName("if") ? Expression() : null;
        bool recursive = SkipName("recursive");
        Statement[] body = BlockBody("endfor", "else");
        Statement[] otherwise = Next().Text == "endfor" ? [] : WholeBody("endfor");
        return new ForStatement(line, target, items, test, recursive, body, otherwise);
    }

    private IfStatement If(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        while (true)
        {
            Expression test = Tuple(conditional: false);
            branches.Add((test, BlockBody("elif", "else", "endif")));
            Token end = Next();
            if (end.IsName("elif")) continue;
            return new IfStatement(line, [.. branches], end.IsName("else") ? WholeBody("endif") : []);
        }
    }

    private WithStatement With(int line)
    {
        var targets = new List<Expression>();
        var values = new List<Expression>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (targets.Count > 0) ExpectOperator(",");
            targets.Add(Target(namespaces: false));
            ExpectOperator("=");
            values.Add(Expression());
        }

        return new WithStatement(line, [.. targets], [.. values], WholeBody("endwith"));
    }

    private MacroStatement Macro(int line)
    {
        NameExpression name = NameTarget();
        (NameExpression[] parameters, Expression[] defaults) = Signature();
        return new MacroStatement(line, name, new MacroBody(line, name.Name, parameters, defaults, WholeBody("endmacro")));
    }

    private CallStatement Call(int line)
    {
        (NameExpression[] parameters, Expression[] defaults) = Current.IsOperator("(") ? Signature() : ([], []);
        if (Expression() is not CallExpression call) throw Error("expected call", line);
        return new CallStatement(line, call, new MacroBody(line, null, parameters, defaults, WholeBody("endcall")));
    }

    private (NameExpression[] Parameters, Expression[] Defaults) Signature()
    {
        var parameters = new List<NameExpression>();
        var defaults = new List<Expression>();
        ExpectOperator("(");
        while (!Current.IsOperator(")"))
        {
            if (parameters.Count > 0) ExpectOperator(",");
            NameExpression name = NameTarget();
            if (parameters.Exists(one => one.Name == name.Name)) throw Error($"duplicate argument '{name.Name}' in function definition");
            if (SkipOperator("=")) defaults.Add(Expression());
            else if (defaults.Count > 0) throw Error("non-default argument follows default argument");
            parameters.Add(name);
        }

        ExpectOperator(")");
        return ([.. parameters], [.. defaults]);
    }

    private FilterStatement Filter(int line)
    {
        var filter = (FilterExpression)FilterChain(null, inline: true);
        return new FilterStatement(line, filter, WholeBody("endfilter"));
    }

    private List<Statement> Print()
    {
        var made = new List<Statement>();
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (made.Count > 0) ExpectOperator(",");
            made.Add(new PrintStatement(Current.Line, Expression()));
        }

        return made;
    }

    private BlockStatement Block(int line)
    {
        string name = ExpectName();
        if (SkipName("scoped")) throw Error("'scoped' blocks are not supported: a chat template inherits from no other", line);
        SkipName("required");
        if (Current.IsOperator("-"))
            throw Error("Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.");
        Statement[] body = WholeBody("endblock");
        SkipName(name);
        return new BlockStatement(line, name, body);
    }

    private LoaderStatement Include(int line)
    {
        Expression template = Expression();
        if (Current.IsName("ignore") && Look().IsName("missing")) _at += 2;
        WithContext();
        return new LoaderStatement(line, template, []);
    }

    private LoaderStatement Import(int line)
    {
        Expression template = Expression();
        ExpectName("as");
        string target = NameTarget().Name;
        WithContext();
        return new LoaderStatement(line, template, [target]);
    }

    private LoaderStatement From(int line)
    {
        Expression template = Expression();
        ExpectName("import");
        var targets = new List<string>();
        while (Current.Kind == TokenKind.Name && !WithContext())
        {
            string name = NameTarget().Name;
            targets.Add(SkipName("as") ? NameTarget().Name : name);
            if (WithContext() || !SkipOperator(",")) break;
        }

        return new LoaderStatement(line, template, [.. targets]);
    }

    private bool WithContext()
    {
        if (!(Current.IsName("with") || Current.IsName("without")) || !Look().IsName("context")) return false;
        _at += 2;
        return true;
    }

    private NameExpression NameTarget()
    {
        int line = Current.Line;
        string name = ExpectName();
        return name is "true" or "false" or "none" or "True" or "False" or "None"
            ? throw Error($"can't assign to '{name}'", line)
            : new NameExpression(line, name);
    }

    private Expression Target(bool namespaces, string? end = null)
    {
        Expression target = Tuple(conditional: true, simple: true, namespaces: namespaces, end: end);
        if (!Targets.CanAssign(target)) throw Error($"can't assign to '{target.NodeName}'", target.Line);
        return target;
    }
}
