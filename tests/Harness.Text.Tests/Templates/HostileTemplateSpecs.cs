using Harness.Text.Templates;
using NUnit.Framework;

namespace Harness.Text.Tests.Templates;

/// <summary>A template comes with a model, so it is nobody's friend: whatever it tries ends soon, with an error that says why.</summary>
public sealed class HostileTemplateSpecs
{
    // Of processor time, which a busy machine does not spoil.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Loops and recursion.
    [TestCase("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "steps")]
    [TestCase("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls of a macro within each other")]
    [TestCase("{% macro f() %}{{ caller() }}{% call f() %}{% endcall %}{% endmacro %}{% call f() %}{% endcall %}", "within each other")]
    [TestCase("{% macro f(n) %}{{ f(n) ~ f(n) if n }}{% for i in range(9) %}{{ f(n - 1) if n }}{% endfor %}{% endmacro %}{{ f(8) }}", "")]
    [TestCase("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "within each other")]
    [TestCase("{% block a %}{{ self.a() }}{% endblock %}", "within each other")]
    // Text and numbers that grow.
    [TestCase("{{ 'a' * 10000000000 }}", "MiB")]
    [TestCase("{{ 10000000000 * [1] }}", "MiB")]
    [TestCase("{% set ns = namespace(s='aaaaaaaaaa') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "MiB")]
    [TestCase("{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "MiB")]
    [TestCase("{{ 'a' * 60000000 }}{{ 'a' * 60000000 }}{{ 'a' * 60000000 }}", "MiB")]
    [TestCase("{{ 9 ** 99 ** 99 ** 99 }}", "bits")]
    [TestCase("{% set ns = namespace(n=99) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "bits")]
    [TestCase("{{ (9 ** 9000) }}", "4300 digits")]
    [TestCase("{{ '%2000000000d' % 1 }}", "MiB")]
    [TestCase("{{ '%.2000000000f' % 1 }}", "MiB")]
    [TestCase("{{ '{:2000000000}'.format(1) }}", "")]
    [TestCase("{{ 'a'.center(2000000000) }}", "MiB")]
    [TestCase("{{ 'a' | center(2000000000) }}", "MiB")]
    [TestCase("{{ 'a'.zfill(2000000000) }}", "MiB")]
    [TestCase("{{ '\t'.expandtabs(2000000000) }}", "MiB")]
    [TestCase("{{ 'a' | indent(2000000000, true) }}", "MiB")]
    [TestCase("{{ [1] | batch(2000000000, 1) | list }}", "MiB")]
    [TestCase("{{ [1] | slice(2000000000) | list }}", "")]
    [TestCase("{{ [[1]] | tojson(indent=2000000000) }}", "MiB")]
    [TestCase("{{ ('a' * 100000).replace('', 'b' * 100000) }}", "MiB")]
    [TestCase("{{ (['a' * 1000000] * 10000) | join }}", "MiB")]
    [TestCase("{{ ('a' * 1000000).join(range(100000) | map('string')) }}", "MiB")]
    [TestCase("{{ [('a' * 1000000)] * 10000 }}", "MiB")]
    [TestCase("{{ ([('a' * 1000000)] * 10000) | tojson }}", "MiB")]
    [TestCase("{{ range(10 ** 30) }}", "MAX_RANGE")]
    [TestCase("{{ 1e308 | round(400000000) }}{{ 5 | round(-2000000000) }}", null)]
    // Work on long texts and numbers, which makes nothing.
    [TestCase("{% set a = 'a' * 9000000 %}{% set b = 'a' * 9000000 %}{% for i in range(100000) %}{{ 'x' if a == b }}{% endfor %}", "steps")]
    [TestCase("{% set a = 'a' * 9000000 %}{% set b = 'a' * 9000000 %}{% for i in range(100000) %}{{ 'x' if a < b }}{% endfor %}", "steps")]
    [TestCase("{% set a = 'a' * 9000000 %}{% for i in range(100000) %}{{ 'x' if 'b' in a }}{% endfor %}", "steps")]
    [TestCase("{% set a = 'a' * 9000000 %}{% set b = 'a' * 3000000 ~ 'b' ~ 'a' * 3000000 %}{% for i in range(9) %}{{ 'x' if b in a }}{{ a.find(b) }}{{ a.rfind(b) }}{{ a.count(b) }}{% endfor %}", null)]
    [TestCase("{% set a = 'a' * 3000000 %}{% set b = 'a' * 20 ~ 'b' %}{{ a.replace(b, '') | length }}{{ a.split(b) | length }}{{ a.rsplit(b) | length }}{{ a.rsplit('a' * 20) | length }}", "steps")]
    [TestCase("{% set a = '😀' * 3000000 %}{% for i in range(100000) %}{{ a[2999999] }}{% endfor %}", "steps")]
    [TestCase("{% set a = '😀' * 3000000 %}{% for i in range(100000) %}{{ a | length }}{% endfor %}", "steps")]
    [TestCase("{% set a = 'a' * 9000000 %}{% for i in range(100000) %}{{ a.startswith('b') }}{{ a.isalpha() }}{% endfor %}", "steps")]
    [TestCase("{% set a = 'a' * 9000000 %}{% set d = {a: 1} %}{% for i in range(100000) %}{{ d[a] }}{{ d.get(a) }}{{ a in d }}{% endfor %}", "steps")]
    [TestCase("{% set n = 2 ** 49999 %}{% for i in range(100000) %}{{ 'x' if n * n // n < 0 }}{% endfor %}", "steps")]
    [TestCase("{{ ('a ' * 9000000).split() | length }}", "MiB")]
    [TestCase("{{ ('a\n' * 9000000).splitlines() | length }}", "MiB")]
    [TestCase("{{ strftime_now('%Y' * 9000000) }}", "MiB")]
    [TestCase("{{ ('<a>' * 1000000) | striptags }}", "MiB")]
    [TestCase("{{ ('a' * 3000000) | wordwrap(1) }}", "MiB")]
    // Depth.
    [TestCase("{% set ns = namespace(l=[]) %}{% for i in range(40000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "nested too deeply")]
    [TestCase("{% set ns = namespace(l=[]) %}{% for i in range(40000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}", "nested too deeply")]
    [TestCase("{% set ns = namespace(l=[], m=[]) %}{% for i in range(40000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l == ns.m }}", "nested too deeply")]
    [TestCase("{% set ns = namespace(l=()) %}{% for i in range(40000) %}{% set ns.l = (ns.l,) %}{% endfor %}{{ {ns.l: 1} }}", "nested too deeply")]
    [TestCase("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "nested too deeply")]
    // What the sandbox keeps.
    [TestCase("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe")]
    [TestCase("{{ messages.append.__globals__ }}", "")]
    [TestCase("{{ '{0.__class__.__init__}'.format('a') }}", "unsafe")]
    [TestCase("{{ ('{0.__class__.__init__}' | safe).format('a') }}", "unsafe")]
    [TestCase("{{ namespace.__init__.__globals__ }}", "unsafe")]
    [TestCase("{{ range['__class__'].x }}", "unsafe")]
    public void A_hostile_template_is_stopped(string template, string? why)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        if (why is null)
        {
            Assert.That(() => Render(template), Throws.Nothing);
        }
        else
        {
            Assert.That(() => Render(template), Throws.TypeOf<TemplateException>().With.Message.Contains(why));
        }

        Assert.That(Environment.CpuUsage.TotalTime - start, Is.LessThan(Patience));
    }

    private static readonly object[] Nested =
    [
        new object[] { "{{ ", "(", ")" },
        new object[] { "{{ ", "[", "]" },
        new object[] { "{{ ", "not ", "" },
        new object[] { "{{ ", "-", "" },
        new object[] { "{{ ", "1 + ", "" },
        new object[] { "{{ ", "a if 1 else ", "" },
        new object[] { "{{ a", " | upper", "" },
        new object[] { "{{ a", ".b", "" },
        new object[] { "{{ a", "()", "" },
        new object[] { "{{ a", "[0", "]" },
        new object[] { "{{ a", "(a", ")" },
        new object[] { "{{ {", "1: {", "}" },
    ];

    [TestCaseSource(nameof(Nested))]
    public void An_expression_nested_without_end_is_an_error(string start, string part, string end)
    {
        string template = start + string.Concat(Enumerable.Repeat(part, 20_000)) + "1" + string.Concat(Enumerable.Repeat(end, 20_000)) + " }}";
        Assert.That(() => Render(template), Throws.TypeOf<TemplateException>());
    }

    [TestCase("{% if 1 %}", "{% endif %}")]
    [TestCase("{% for x in y %}", "{% endfor %}")]
    [TestCase("{% set x %}", "{% endset %}")]
    [TestCase("{% macro m() %}", "{% endmacro %}")]
    [TestCase("{% filter upper %}", "{% endfilter %}")]
    [TestCase("{% if 1 %}{% elif 2 %}", "{% endif %}")]
    public void Blocks_nested_without_end_are_an_error(string open, string close)
    {
        string template = string.Concat(Enumerable.Repeat(open, 8_000)) + string.Concat(Enumerable.Repeat(close, 8_000));
        Assert.That(() => Render(template), Throws.TypeOf<TemplateException>().With.Property(nameof(TemplateException.Failure)).EqualTo(TemplateFailure.Limit));
    }

    [Test]
    public void A_template_longer_than_any_is_refused_unread() =>
        Assert.That(() => ChatTemplate.Parse(new string('a', 2_000_000)), Throws.TypeOf<TemplateException>().With.Message.Contains("longer than"));

    [Test]
    public void An_elif_chain_of_thousands_is_read_in_time()
    {
        string template = "{% if 0 %}" + string.Concat(Enumerable.Range(0, 5_000).Select(i => $"{{% elif {i} == x %}}{{% set v{i % 50} = 1 %}}")) + "{% endif %}done";
        Assert.That(Render(template), Is.EqualTo("done"));
    }

    [Test]
    public void Names_and_branches_by_the_thousand_are_read_in_time()
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        string sets = string.Concat(Enumerable.Range(0, 8_000).Select(i => $"{{% set n{i} = 1 %}}"));
        string template = $"{{% if x %}}{sets}{{% else %}}{{% endif %}}" + string.Concat(Enumerable.Repeat("{% if n1 %}{% set m = 1 %}{% endif %}", 2_000));
        Assert.That(() => Render(template), Throws.Nothing);
        Assert.That(Environment.CpuUsage.TotalTime - start, Is.LessThan(Patience));
    }

    [Test]
    public void Text_of_nothing_but_braces_is_read_in_time()
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        Assert.That(() => Render(string.Concat(Enumerable.Repeat("{ ", 100_000))), Throws.Nothing);
        Assert.That(() => Render(string.Concat(Enumerable.Repeat("{% raw ", 30_000))), Throws.TypeOf<TemplateException>());
        Assert.That(Environment.CpuUsage.TotalTime - start, Is.LessThan(Patience));
    }

    /// <summary>What is no template at all never does more than say so.</summary>
    [Test]
    public void Random_text_gives_a_prompt_or_an_error()
    {
        string[] pieces =
        [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "if", "endif", "for", "in", "endfor", "set", "x", "y", "=", "'", "\"", "(", ")", "[", "]", "{", "}", ".", "|", "upper",
            "1", "0x", "1e", "\\", "\n", " ", "é", "\ud83d\ude00", "\ud83d", "macro", "call", "raw", "endraw", "**", "//", ":", ",", "~", "is", "not", "else", "elif", "loop", "block",
        ];
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            string template = string.Concat(Enumerable.Range(0, random.Next(1, 25)).Select(_ => pieces[random.Next(pieces.Length)] + (random.Next(3) == 0 ? " " : "")));
            try
            {
                Render(template);
            }
            catch (TemplateException e)
            {
                Assert.That(e.Message, Is.Not.Empty);
            }
            catch (Exception e)
            {
                Assert.Fail($"{template}\n{e}");
            }
        }
    }

    private static string Render(string template) => ChatTemplate.Parse(template).Render(SnippetSpecs.Variables, DateTimeOffset.UnixEpoch);
}
