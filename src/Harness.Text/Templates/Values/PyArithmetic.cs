using System.Numerics;

namespace Harness.Text.Templates.Values;

/// <summary>Python's <c>+ - * / // % **</c>.</summary>
internal static class PyArithmetic
{
    /// <summary>Bits an integer may grow to: some thirty thousand digits, more than Python prints.</summary>
    private const long WidestInteger = 100_000;

    /// <summary>Applies an operator.</summary>
    public static object? Apply(RenderState state, string symbol, object? left, object? right)
    {
        if (symbol == "%" && PyText.TryGet(left, out string pattern)) return PyPercent.Format(state, left!, pattern, right);
        if (left is Undefined undefined) throw undefined.Used();
        if (right is Undefined other) throw other.Used();
        if (symbol == "+" && Joined(state, left, right) is { } joined) return joined;
        if (symbol == "*" && Repeated(state, left, right) is { } repeated) return repeated;
        if (left is long a && right is long b && Small(symbol, a, b) is { } small) return small;
        if (PyNumber.TryInteger(left, out BigInteger first) && PyNumber.TryInteger(right, out BigInteger second)) return Integers(state, symbol, first, second);
        if (PyNumber.TryFloat(left, out double x) && PyNumber.TryFloat(right, out double y)) return Floats(symbol, x, y);
        throw Unsupported(symbol, left, right);
    }

    /// <summary>Applies a sign.</summary>
    public static object? Sign(object? value, bool negative) => value switch
    {
        Undefined undefined => throw undefined.Used(),
        double number => negative ? -number : number,
        _ when PyNumber.TryInteger(value, out BigInteger number) => PyNumber.Normal(negative ? -number : number),
        _ => throw TemplateException.Failed($"bad operand type for unary {(negative ? '-' : '+')}: '{PyTypes.Name(value)}'"),
    };

    private static object? Joined(RenderState state, object? left, object? right)
    {
        if (left is string a && right is string b) return state.Concat(a, b);
        if (PyText.TryGet(left, out string first) && PyText.TryGet(right, out string second))
            return new Markup(state.Concat(left is Markup ? first : PyText.Escape(first), right is Markup ? second : PyText.Escape(second)));
        if (left is PyList one && right is PyList more)
        {
            state.ChargeItems(one.Items.Count + more.Items.Count);
            return new PyList([.. one.Items, .. more.Items]);
        }

        if (left is PyTuple some && right is PyTuple others)
        {
            state.ChargeItems(some.Items.Length + others.Items.Length);
            return new PyTuple([.. some.Items, .. others.Items]);
        }

        return null;
    }

    private static object? Repeated(RenderState state, object? left, object? right)
    {
        (object? items, object? times) = left is string or Markup or PyList or PyTuple ? (left, right) : (right, left);
        if (items is not (string or Markup or PyList or PyTuple)) return null;
        if (times is not (long or BigInteger or bool))
            throw TemplateException.Failed($"can't multiply sequence by non-int of type '{PyTypes.Name(times)}'");
        long count = Math.Max(0, PyNumber.Index(times));
        if (PyText.TryGet(items, out string text))
        {
            if (text.Length == 0) count = 0;
            state.ChargeText(Product(text.Length, count));
            string made = string.Concat(Enumerable.Repeat(text, (int)count));
            return items is Markup ? new Markup(made) : made;
        }

        IReadOnlyList<object?> parts = items is PyList list ? list.Items : ((PyTuple)items).Items;
        if (parts.Count == 0) count = 0;
        state.ChargeItems(Product(parts.Count, count));
        object?[] all = [.. Enumerable.Repeat(parts, (int)count).SelectMany(one => one)];
        return items is PyList ? new PyList(all) : new PyTuple(all);
    }

    private static long Product(long length, long count) => count != 0 && length > long.MaxValue / 8 / count ? long.MaxValue / 8 : length * count;

    private static object? Small(string symbol, long a, long b)
    {
        switch (symbol)
        {
            case "+":
                long sum = unchecked(a + b);
                return ((a ^ sum) & (b ^ sum)) < 0 ? null : sum;
            case "-":
                long difference = unchecked(a - b);
                return ((a ^ b) & (a ^ difference)) < 0 ? null : difference;
            case "*":
                long high = Math.BigMul(a, b, out long low);
                return high == low >> 63 ? low : null;
            case "%" when b > 0:
                long rest = a % b;
                return rest < 0 ? rest + b : rest;
            default:
                return null;
        }
    }

    private static object Integers(RenderState state, string symbol, BigInteger a, BigInteger b)
    {
        // Words by words: what multiplying and dividing take.
        state.Steps(a.GetBitLength() / 64 * (b.GetBitLength() / 64) / 64);
        switch (symbol)
        {
            case "+": return Normal(state, a + b);
            case "-": return Normal(state, a - b);
            case "*": return Normal(state, a * b);
            case "/": return b.IsZero ? throw TemplateException.Failed("division by zero") : Divide(a, b);
            case "//" or "%":
                if (b.IsZero) throw TemplateException.Failed(symbol == "%" ? "integer modulo by zero" : "integer division or modulo by zero");
                BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger rest);
                if (!rest.IsZero && rest.Sign != b.Sign)
                {
                    quotient -= 1;
                    rest += b;
                }

                return PyNumber.Normal(symbol == "%" ? rest : quotient);
            default:
                if (b.Sign < 0) return Floats(symbol, (double)a, (double)b);
                if (b > 1 && BigInteger.Abs(a) > 1 && b * a.GetBitLength() > WidestInteger) throw Wide();
                return BigInteger.Abs(a) <= 1 ? PyNumber.Normal(a.Sign >= 0 || b.IsEven ? (a.IsZero && !b.IsZero ? 0 : 1) : -1) : Normal(state, BigInteger.Pow(a, (int)b));
        }
    }

    private static object Normal(RenderState state, BigInteger value)
    {
        long bits = value.GetBitLength();
        if (bits > WidestInteger) throw Wide();
        if (bits > 64) state.Charge(bits / 8);
        return PyNumber.Normal(value);
    }

    private static TemplateException Wide() => TemplateException.Limit($"an integer of more than {WidestInteger} bits");

    private static object Divide(BigInteger a, BigInteger b)
    {
        if (BigInteger.Abs(a) <= 1L << 53 && BigInteger.Abs(b) <= 1L << 53) return (double)a / (double)b;
        // Enough bits of the quotient that rounding it once is rounding it right.
        int shift = (int)Math.Max(0, 66 + b.GetBitLength() - a.GetBitLength());
        BigInteger quotient = BigInteger.DivRem(BigInteger.Abs(a) << shift, BigInteger.Abs(b), out BigInteger rest);
        if (!rest.IsZero) quotient |= 1;
        double made = Math.ScaleB((double)quotient, -shift);
        return double.IsInfinity(made) ? throw TemplateException.Failed("integer division result too large for a float") : a.Sign * b.Sign < 0 ? -made : made;
    }

    private static object Floats(string symbol, double a, double b)
    {
        switch (symbol)
        {
            case "+": return a + b;
            case "-": return a - b;
            case "*": return a * b;
            case "/": return b == 0 ? throw TemplateException.Failed("float division by zero") : a / b;
            case "//": return b == 0 ? throw TemplateException.Failed("float floor division by zero") : Floor(a, b);
            case "%": return b == 0 ? throw TemplateException.Failed("float modulo") : Modulo(a, b);
            default:
                if (a == 0 && b < 0) throw TemplateException.Failed("0.0 cannot be raised to a negative power");
                double power = Math.Pow(a, b);
                if (double.IsNaN(power) && !double.IsNaN(a) && !double.IsNaN(b)) throw TemplateException.Failed("a negative number to a broken power is complex, which templates cannot use");
                return double.IsInfinity(power) && !double.IsInfinity(a) && !double.IsInfinity(b) ? throw TemplateException.Failed("(34, 'Numerical result out of range')") : power;
        }
    }

    private static double Modulo(double a, double b)
    {
        double rest = a % b;
        if (rest != 0 && rest < 0 != b < 0) rest += b;
        return rest == 0 ? Math.CopySign(0, b) : rest;
    }

    private static double Floor(double a, double b)
    {
        double rest = a % b;
        double quotient = (a - rest) / b;
        if (rest != 0 && rest < 0 != b < 0) quotient -= 1;
        if (quotient == 0) return Math.CopySign(0, a / b);
        double floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static TemplateException Unsupported(string symbol, object? left, object? right)
    {
        if (symbol == "+" && left is string or Markup) return TemplateException.Failed($"can only concatenate str (not \"{PyTypes.Name(right)}\") to str");
        if (symbol == "+" && left is PyList) return TemplateException.Failed($"can only concatenate list (not \"{PyTypes.Name(right)}\") to list");
        if (symbol == "+" && left is PyTuple) return TemplateException.Failed($"can only concatenate tuple (not \"{PyTypes.Name(right)}\") to tuple");
        return TemplateException.Failed($"unsupported operand type(s) for {(symbol == "**" ? "** or pow()" : symbol)}: '{PyTypes.Name(left)}' and '{PyTypes.Name(right)}'");
    }
}
