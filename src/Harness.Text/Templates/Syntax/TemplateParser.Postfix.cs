namespace Harness.Text.Templates.Syntax;

/// <summary>What follows a value: subscripts, calls, filters and tests.</summary>
internal sealed partial class TemplateParser
{
    private Expression Postfix(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator(".") || Current.IsOperator("[")) value = Low(Subscript(value));
            else if (Current.IsOperator("(")) value = Low(CallOf(value));
            else return value;
        }
    }

    private Expression FilterTail(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator("|")) value = Low(FilterChain(value, inline: false));
            else if (Current.IsName("is")) value = Low(Test(value));
            else if (Current.IsOperator("(")) value = Low(CallOf(value));
            else return value;
        }
    }

    private Expression Subscript(Expression value)
    {
        Token token = Next();
        if (token.Text == ".")
        {
            Token name = Next();
            return name.Kind switch
            {
                TokenKind.Name => new AttributeExpression(token.Line, value, name.Text),
                TokenKind.Integer => new ItemExpression(token.Line, value, new ConstExpression(name.Line, name.Value)),
                _ => throw Error("expected name or number", name.Line),
            };
        }

        var keys = new List<Expression>();
        while (!Current.IsOperator("]"))
        {
            if (keys.Count > 0) ExpectOperator(",");
            keys.Add(Key());
        }

        ExpectOperator("]");
        return new ItemExpression(token.Line, value, keys.Count == 1 ? keys[0] : new TupleExpression(token.Line, [.. keys]));
    }

    private Expression Key()
    {
        int line = Current.Line;
        Expression? start = null;
        if (!Current.IsOperator(":"))
        {
            start = Expression();
            if (!Current.IsOperator(":")) return start;
        }

        Next();
        Expression? stop = Current.IsOperator(":") || Current.IsOperator("]") || Current.IsOperator(",") ? null : Expression();
        Expression? step = SkipOperator(":") && !Current.IsOperator("]") && !Current.IsOperator(",") ? Expression() : null;
        return new SliceExpression(line, start, stop, step);
    }

    private CallExpression CallOf(Expression value)
    {
        int line = Current.Line;
        return new CallExpression(line, value, CallArguments());
    }

    private ArgumentList CallArguments()
    {
        int line = Current.Line;
        ExpectOperator("(");
        var positional = new List<Expression>();
        var names = new List<string>();
        var named = new List<Expression>();
        Expression? rest = null, namedRest = null;
        bool comma = false;
        while (!Current.IsOperator(")"))
        {
            if (comma)
            {
                ExpectOperator(",");
                if (Current.IsOperator(")")) break;
            }

            if (SkipOperator("*"))
            {
                Ensure(rest is null && namedRest is null);
                rest = Expression();
            }
            else if (SkipOperator("**"))
            {
                Ensure(namedRest is null);
                namedRest = Expression();
            }
            else if (Current.Kind == TokenKind.Name && Look().IsOperator("="))
            {
                Ensure(namedRest is null);
                names.Add(Next().Text);
                Next();
                named.Add(Expression());
            }
            else
            {
                Ensure(rest is null && namedRest is null && named.Count == 0);
                positional.Add(Expression());
            }

            comma = true;
        }

        ExpectOperator(")");
        return new ArgumentList([.. positional], [.. names], [.. named], rest, namedRest);

        void Ensure(bool right)
        {
            if (!right) throw Error("invalid syntax for function call expression", line);
        }
    }

    private Expression FilterChain(Expression? value, bool inline)
    {
        while (inline || Current.IsOperator("|"))
        {
            if (!inline) Next();
            inline = false;
            int line = Current.Line;
            string name = DottedName();
            value = Low(new FilterExpression(line, value, name, Current.IsOperator("(") ? CallArguments() : ArgumentList.None));
        }

        return value!;
    }

    private Expression Test(Expression value)
    {
        int line = Next().Line;
        bool negated = SkipName("not");
        string name = DottedName();
        ArgumentList arguments = ArgumentList.None;
        if (Current.IsOperator("("))
        {
            arguments = CallArguments();
        }
        else if ((Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float || Current.IsOperator("[") || Current.IsOperator("{"))
            && !Current.IsName("else") && !Current.IsName("or") && !Current.IsName("and"))
        {
            if (Current.IsName("is")) throw Error("You cannot chain multiple tests with is");
            arguments = ArgumentList.None with { Positional = [Postfix(Primary())] };
        }

        Expression test = new TestExpression(line, value, name, arguments);
        return negated ? new NotExpression(line, test) : test;
    }

    private string DottedName()
    {
        string name = ExpectName();
        while (SkipOperator(".")) name += "." + ExpectName();
        return name;
    }
}
