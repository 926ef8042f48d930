namespace Harness.Text.Templates.Nodes;

/// <summary><c>and</c> or <c>or</c>: the value of one side, as Python gives it.</summary>
internal sealed class LogicExpression(int line, bool and, Expression left, Expression right) : Expression(line)
{
    private readonly Expression[] _parts = [left, right];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => and ? "and" : "or";

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        object? first = left.Evaluate(state, scope);
        return PyTruth.IsTrue(first) == and ? right.Evaluate(state, scope) : first;
    }
}

/// <summary><c>not</c>.</summary>
internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    private readonly Expression[] _parts = [operand];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override object? Evaluate(RenderState state, Scope scope) => PyTruth.Box(!PyTruth.IsTrue(operand.Evaluate(state, scope)));
}

/// <summary>A sign before a number.</summary>
internal sealed class SignExpression(int line, bool negative, Expression operand) : Expression(line)
{
    private readonly Expression[] _parts = [operand];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => negative ? "neg" : "pos";

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        return PyArithmetic.Sign(operand.Evaluate(state, scope), negative);
    }
}

/// <summary><c>+ - * / // % **</c>.</summary>
internal sealed class ArithmeticExpression(int line, string symbol, Expression left, Expression right) : Expression(line)
{
    private readonly Expression[] _parts = [left, right];

    public override IReadOnlyList<Expression> Parts => _parts;

    public override string NodeName => symbol switch { "+" => "add", "-" => "sub", "*" => "mul", "/" => "div", "//" => "floordiv", "%" => "mod", _ => "pow" };

    public override object? Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        object? first = left.Evaluate(state, scope);
        return PyArithmetic.Apply(state, symbol, first, right.Evaluate(state, scope));
    }
}

/// <summary>A chain of comparisons: <c>a &lt; b &lt; c</c> holds when each does, and stops at the first that does not.</summary>
internal sealed class CompareExpression : Expression
{
    private readonly string[] _symbols;
    private readonly Expression[] _operands;

    /// <summary>Creates the chain.</summary>
    /// <param name="line">The line.</param>
    /// <param name="symbols">One fewer than operands; <c>in</c> and <c>not in</c> among them.</param>
    /// <param name="operands">What is compared.</param>
    public CompareExpression(int line, string[] symbols, Expression[] operands)
        : base(line)
    {
        _symbols = symbols;
        _operands = operands;
    }

    public override IReadOnlyList<Expression> Parts => _operands;

    public override object? Evaluate(RenderState state, Scope scope)
    {
        object? left = _operands[0].Evaluate(state, scope);
        for (int i = 0; i < _symbols.Length; i++)
        {
            state.Step();
            object? right = _operands[i + 1].Evaluate(state, scope);
            if (!PyCompare.Holds(state, _symbols[i], left, right)) return PyTruth.False;
            left = right;
        }

        return PyTruth.True;
    }
}
