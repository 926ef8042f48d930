namespace Harness.Text.Templates.Syntax;

/// <summary>Tokens to statements: the grammar of Jinja2's own parser, its oddities included.</summary>
internal sealed partial class TemplateParser
{
    /// <summary>Blocks and parentheses within each other. Python's own parser stops at about as many.</summary>
    private const int DeepestNesting = 200;

    /// <summary>Operators in a row, which evaluate within each other.</summary>
    private const int HighestExpression = 1000;

    private readonly List<Token> _tokens;
    private readonly Stack<string> _tags = new();
    private readonly Stack<string[]> _ends = new();
    private int _at;
    private int _depth;

    private TemplateParser(List<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_at];

    /// <summary>Parses a template.</summary>
    /// <param name="source">Its text.</param>
    /// <exception cref="TemplateException">It is not valid Jinja2.</exception>
    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        return parser.Body(null);
    }

    /// <summary>Statements up to a tag of <paramref name="ends"/>, which becomes current.</summary>
    private Statement[] Body(string[]? ends)
    {
        Deeper();
        var body = new List<Statement>();
        if (ends is not null) _ends.Push(ends);
        while (Current.Kind != TokenKind.End)
        {
            Token token = Next();
            if (token.Kind == TokenKind.Data)
            {
                body.Add(new TextStatement(token.Line, token.Text));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                body.Add(new PrintStatement(token.Line, Tuple(conditional: true)));
                Expect(TokenKind.VariableEnd, "end of print statement");
            }
            else
            {
                if (ends is not null && Current.Kind == TokenKind.Name && ends.Contains(Current.Text)) break;
                body.AddRange(Statement());
                Expect(TokenKind.BlockEnd, "end of statement block");
            }
        }

        if (ends is not null) _ends.Pop();
        _depth--;
        return [.. body];
    }

    /// <summary>The body of a block whose opening tag has just been read, up to one of its ends.</summary>
    private Statement[] BlockBody(params string[] ends)
    {
        SkipOperator(":");
        Expect(TokenKind.BlockEnd, "end of statement block");
        Statement[] body = Body(ends);
        if (Current.Kind == TokenKind.End) throw UnknownTag(null, [.. _ends.Reverse(), ends]);
        return body;
    }

    /// <summary>The body, and its end read.</summary>
    private Statement[] WholeBody(string end)
    {
        Statement[] body = BlockBody(end);
        Next();
        return body;
    }

    private Token Next() => _tokens[_at < _tokens.Count - 1 ? _at++ : _at];

    private Token Look() => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    private bool SkipName(string name)
    {
        if (!Current.IsName(name)) return false;
        Next();
        return true;
    }

    private bool SkipOperator(string text)
    {
        if (!Current.IsOperator(text)) return false;
        Next();
        return true;
    }

    private Token Expect(TokenKind kind, string described)
    {
        if (Current.Kind != kind) throw Unexpected(described);
        return Next();
    }

    private void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw Unexpected(text);
    }

    private string ExpectName(string? name = null)
    {
        if (Current.Kind != TokenKind.Name || (name is not null && Current.Text != name)) throw Unexpected(name ?? "name");
        return Next().Text;
    }

    private TemplateException Unexpected(string expected) => Current.Kind == TokenKind.End
        ? Error($"unexpected end of template, expected '{expected}'.")
        : Error($"expected token '{expected}', got '{Current.Described}'");

    private void Deeper()
    {
        if (++_depth > DeepestNesting || !System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateException(TemplateFailure.Limit, $"blocks and parentheses stand more than {DeepestNesting} deep", Current.Line);
    }

    private Expression Low(Expression expression) => expression.Height <= HighestExpression
        ? expression
        : throw new TemplateException(TemplateFailure.Limit, $"an expression has more than {HighestExpression} operators in a row", Current.Line);

    private TemplateException Error(string message, int line = 0) => new(TemplateFailure.Syntax, message, line > 0 ? line : Current.Line);

    private TemplateException UnknownTag(string? tag, IReadOnlyCollection<string[]> ends, int line = 0)
    {
        var message = new List<string> { tag is null ? "Unexpected end of template." : $"Encountered unknown tag '{tag}'." };
        if (ends.Count > 0)
        {
            string wanted = string.Join(" or ", ends.Last().Select(end => $"'{end}'"));
            message.Add(tag is not null && ends.Any(one => one.Contains(tag))
                ? $"You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {wanted}."
                : $"Jinja was looking for the following tags: {wanted}.");
        }

        if (_tags.TryPeek(out string? innermost)) message.Add($"The innermost block that needs to be closed is '{innermost}'.");
        return Error(string.Join(' ', message), line);
    }
}
