namespace Harness.Text.Templates.Syntax;

/// <summary>
/// Expressions, by falling precedence: conditional, or, and, not, comparison, sum, <c>~</c>, product, power, sign, then
/// what follows a value. Powers of powers group to the left, as in Jinja2 and unlike Python.
/// </summary>
internal sealed partial class TemplateParser
{
    private Expression Expression(bool conditional = true)
    {
        Deeper();
        Expression made = conditional ? Conditional() : Or();
        _depth--;
        return made;
    }

    private Expression Conditional()
    {
        int line = Current.Line;
        Expression made = Or();
        while (SkipName("if"))
        {
            Expression test = Or();
            Expression? otherwise = null;
            if (SkipName("else"))
            {
                Deeper();
                otherwise = Conditional();
                _depth--;
            }

            made = Low(new ConditionalExpression(line, test, made, otherwise));
            line = Current.Line;
        }

        return made;
    }

    private Expression Or()
    {
        int line = Current.Line;
        Expression made = And();
        while (SkipName("or")) made = Low(new LogicExpression(line, and: false, made, And()));
        return made;
    }

    private Expression And()
    {
        int line = Current.Line;
        Expression made = Not();
        while (SkipName("and")) made = Low(new LogicExpression(line, and: true, made, Not()));
        return made;
    }

    private Expression Not()
    {
        int line = Current.Line;
        if (!SkipName("not")) return Compare();
        Deeper();
        var made = new NotExpression(line, Not());
        _depth--;
        return made;
    }

    private Expression Compare()
    {
        int line = Current.Line;
        var operands = new List<Expression> { Sum() };
        var symbols = new List<string>();
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=") symbols.Add(Next().Text);
            else if (SkipName("in")) symbols.Add("in");
            else if (Current.IsName("not") && Look().IsName("in"))
            {
                _at += 2;
                symbols.Add("not in");
            }
            else break;
            operands.Add(Sum());
        }

        return symbols.Count == 0 ? operands[0] : Low(new CompareExpression(line, [.. symbols], [.. operands]));
    }

    private Expression Sum()
    {
        int line = Current.Line;
        Expression made = Concat();
        while (Current.Kind == TokenKind.Operator && Current.Text is "+" or "-")
        {
            string symbol = Next().Text;
            made = Low(new ArithmeticExpression(line, symbol, made, Concat()));
        }

        return made;
    }

    private Expression Concat()
    {
        int line = Current.Line;
        var parts = new List<Expression> { Product() };
        while (SkipOperator("~")) parts.Add(Product());
        return parts.Count == 1 ? parts[0] : Low(new ConcatExpression(line, [.. parts]));
    }

    private Expression Product()
    {
        int line = Current.Line;
        Expression made = Power();
        while (Current.Kind == TokenKind.Operator && Current.Text is "*" or "/" or "//" or "%")
        {
            string symbol = Next().Text;
            made = Low(new ArithmeticExpression(line, symbol, made, Power()));
        }

        return made;
    }

    private Expression Power()
    {
        int line = Current.Line;
        Expression made = Unary(filters: true);
        while (SkipOperator("**")) made = Low(new ArithmeticExpression(line, "**", made, Unary(filters: true)));
        return made;
    }

    private Expression Unary(bool filters)
    {
        int line = Current.Line;
        Expression made;
        if (Current.Kind == TokenKind.Operator && Current.Text is "-" or "+")
        {
            bool negative = Next().Text == "-";
            Deeper();
            made = new SignExpression(line, negative, Unary(filters: false));
            _depth--;
        }
        else
        {
            made = Primary();
        }

        made = Postfix(made);
        return filters ? FilterTail(made) : made;
    }

    private Expression Primary(bool namespaces = false)
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                Next();
                switch (token.Text)
                {
                    case "true" or "True": return new ConstExpression(token.Line, PyTruth.True);
                    case "false" or "False": return new ConstExpression(token.Line, PyTruth.False);
                    case "none" or "None": return new ConstExpression(token.Line, null);
                }

                var name = new NameExpression(token.Line, token.Text);
                return namespaces && SkipOperator(".") ? new NamespaceTarget(token.Line, name, ExpectName()) : name;
            case TokenKind.String:
                var parts = new List<string>();
                while (Current.Kind == TokenKind.String) parts.Add(Next().Text);
                return new ConstExpression(token.Line, parts.Count == 1 ? parts[0] : string.Concat(parts));
            case TokenKind.Integer or TokenKind.Float:
                Next();
                return new ConstExpression(token.Line, token.Value);
            case TokenKind.Operator when token.Text == "(":
                Next();
                Expression inside = Tuple(conditional: true, parenthesised: true);
                ExpectOperator(")");
                return inside;
            case TokenKind.Operator when token.Text == "[": return List();
            case TokenKind.Operator when token.Text == "{": return Dict();
            default: throw Error($"unexpected '{token.Described}'");
        }
    }

    /// <summary>One expression, or several with commas between them: then a tuple.</summary>
    private Expression Tuple(bool conditional, bool simple = false, bool namespaces = false, bool parenthesised = false, string? end = null)
    {
        int line = Current.Line;
        Deeper();
        var items = new List<Expression>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0) ExpectOperator(",");
            if (Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || Current.IsOperator(")") || (end is not null && Current.IsName(end))) break;
            items.Add(simple ? Primary(namespaces) : Expression(conditional));
            if (!Current.IsOperator(",")) break;
            isTuple = true;
        }

        _depth--;
        if (isTuple) return Low(new TupleExpression(line, [.. items]));
        if (items.Count > 0) return items[0];
        return parenthesised ? new TupleExpression(line, []) : throw Error($"Expected an expression, got '{Current.Described}'");
    }

    private Expression List()
    {
        int line = Next().Line;
        var items = new List<Expression>();
        while (!Current.IsOperator("]"))
        {
            if (items.Count > 0) ExpectOperator(",");
            if (Current.IsOperator("]")) break;
            items.Add(Expression());
        }

        ExpectOperator("]");
        return Low(new ListExpression(line, [.. items]));
    }

    private Expression Dict()
    {
        int line = Next().Line;
        var items = new List<Expression>();
        while (!Current.IsOperator("}"))
        {
            if (items.Count > 0) ExpectOperator(",");
            if (Current.IsOperator("}")) break;
            items.Add(Expression());
            ExpectOperator(":");
            items.Add(Expression());
        }

        ExpectOperator("}");
        return Low(new DictExpression(line, [.. items]));
    }
}
