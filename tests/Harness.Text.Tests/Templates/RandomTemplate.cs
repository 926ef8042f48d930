namespace Harness.Text.Tests.Templates;

/// <summary>Templates at random: valid ones that use much of the language, many of which fail while they render.</summary>
internal sealed class RandomTemplate(int seed)
{
    private static readonly string[] Names = ["s", "l", "d", "users", "messages", "tree", "x", "y", "missing"];

    private static readonly string[] Literals =
    [
        "0", "1", "2", "-3", "7", "10", "2.5", "-0.5", "1e3", "true", "false", "none", "''", "'a'", "'Hello World'", "'a,b,c'", "' pad '", "'é😀z'", "'10'",
        "'{} {}'", "'%s|%s'", "'x\\ny\\n'", "[]", "[1, 2, 3]", "['b', 'a', 'C']", "[1, 'a', none]", "(1, 2)", "{}", "{'a': 1, 'b': 'two'}", "range(4)", "[[1, 2], [3, 4]]",
    ];

    private static readonly string[] Filters =
    [
        "upper", "lower", "title", "capitalize", "trim", "length", "first", "last", "list", "string", "int", "float", "abs", "round", "sort", "unique | list", "reverse | list",
        "join(',')", "join", "default('D')", "default('D', true)", "tojson", "tojson(indent=2)", "escape", "safe", "sum", "min", "max", "replace('a', 'Q')", "indent(2)",
        "map('string') | list", "map('upper') | list", "map(attribute='name') | list", "select | list", "select('string') | list", "reject('none') | list",
        "selectattr('name') | list", "batch(2) | list", "slice(2) | list", "dictsort", "items | list", "wordcount", "center(9)", "truncate(6, true)", "count",
        "round(1)", "format(1, 2)", "striptags", "urlencode", "wordwrap(5)", "forceescape", "d('z')", "groupby('age')", "map('length') | list", "first | string", "pprint", "filesizeformat",
    ];

    private static readonly string[] Methods =
    [
        "upper()", "strip()", "split(',')", "split()", "replace('a', 'b')", "startswith('a')", "items() | list", "get('a')", "get('zz', 5)", "keys() | list", "format(1, 'b')",
        "join(['x', 'y'])", "title()", "count('a')", "find('l')", "splitlines()", "zfill(5)", "endswith(('d', 'c'))", "index(2)", "rsplit(' ', 1)", "lstrip('H ')", "append(1)",
        "capitalize()", "swapcase()", "isdigit()", "partition(',')", "rjust(8, '.')", "__class__", "nothing", "values() | list", "center(11, '*')", "casefold()", "isupper()",
    ];

    private static readonly string[] Tests =
    [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "odd", "even", "lower", "upper", "true", "false",
        "divisibleby 2", "in [1, 'a', 2.5]", "eq 1", "gt 1", "sameas none", "callable", "escaped", "not none",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A template.</summary>
    public string Next() => string.Concat(Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Statement(_random.Next(3))));

    private string Statement(int depth)
    {
        if (depth == 0) return Print(2);
        string dash = _random.Next(4) == 0 ? "-" : "", end = _random.Next(4) == 0 ? "-" : "";
        string line = _random.Next(3) == 0 ? "\n  " : "";
        return line + _random.Next(11) switch
        {
            0 => $"{{%{dash} if {Expression(2)} {end}%}}\n{Statement(depth - 1)}{{% elif {Expression(1)} %}}{Statement(depth - 1)}{{% else %}}{Statement(depth - 1)}{{% endif %}}",
            1 => $"{{%{dash} for x in {Expression(1)} {end}%}}{Statement(depth - 1)}{{{{ loop.index }}}}{{% if loop.last %}}.{{% endif %}}{{% else %}}none{{% endfor %}}",
            2 => $"{{% set x = {Expression(2)} {end}%}}{Statement(depth - 1)}{{{{ x }}}}",
            3 => $"{{% set y %}}{Statement(depth - 1)}{{% endset %}}{{{{ y }}}}",
            4 => $"{{% with x = {Expression(1)}, y = {Expression(1)} %}}{Statement(depth - 1)}{{{{ x }}}}{{% endwith %}}",
            5 => $"{{% macro m(a, b={Expression(1)}) %}}<{{{{ a }}}}{{{{ b }}}}>{{% endmacro %}}{{{{ m({Expression(1)}) }}}}{{{{ m(1, b={Expression(1)}) }}}}",
            6 => $"{{% filter {Pick(Filters).Split('(')[0].Split(' ')[0]} %}}{Statement(depth - 1)}{{% endfilter %}}",
            7 => $"{{% set ns = namespace(a={Expression(1)}) %}}{{% for x in l if {Expression(1)} %}}{{% set ns.a = x %}}{{% if x == 3 %}}{{% {Pick(["break", "continue"])} %}}{{% endif %}}{{{{ x }}}}{{% endfor %}}{{{{ ns.a }}}}",
            8 => $"{{% for x, y in {Expression(1)} %}}{{{{ x }}}}={{{{ y }}}};{{% endfor %}}",
            9 => $"  text\t\n {{#{dash} comment {end}#}}\n",
            _ => Print(3),
        };
    }

    private string Print(int depth) => _random.Next(4) switch
    {
        0 => $"{{{{- {Expression(depth)} -}}}}",
        _ => $"{{{{ {Expression(depth)} }}}}|",
    };

    private string Expression(int depth)
    {
        if (depth == 0 || _random.Next(4) == 0) return _random.Next(3) == 0 ? Pick(Names) : Pick(Literals);
        return _random.Next(14) switch
        {
            0 or 1 => $"{Expression(depth - 1)} | {Pick(Filters)}",
            2 => $"({Expression(depth - 1)}).{Pick(Methods)}",
            3 => $"{Expression(depth - 1)} {Pick(["+", "-", "*", "/", "//", "%", "~", "~"])} {Expression(depth - 1)}",
            4 => $"{Expression(depth - 1)} {Pick(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])} {Expression(depth - 1)}",
            5 => $"{Expression(depth - 1)} {Pick(["and", "or"])} {Expression(depth - 1)}",
            6 => $"({Expression(depth - 1)}) is {Pick(Tests)}",
            7 => $"({Expression(depth - 1)} if {Expression(depth - 1)} else {Expression(depth - 1)})",
            8 => _random.Next(2) == 0
                ? $"({Expression(depth - 1)})[{Pick(["0", "-1", "'a'", "'name'", "9"])}]"
                : $"{Pick(["s", "l", "messages", "tree", "d", "'Hello'", "(1, 2, 3)"])}[{Pick(["1:", ":2", "::-1", "::2", "-2:", "1:3", "5:1:-2", ":-1"])}]",
            9 => $"[{Expression(depth - 1)}, {Expression(depth - 1)}]",
            10 => $"{{'k': {Expression(depth - 1)}}}",
            11 => $"not {Expression(depth - 1)}",
            12 => $"({Expression(depth - 1)}, {Expression(depth - 1)})",
            _ => Expression(0),
        };
    }

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
