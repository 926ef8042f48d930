using NUnit.Framework;

namespace Harness.Cli.Tests;

/// <summary><c>harness template</c> prints the prompt and nothing else, or says what is wrong and what to do.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TemplateCommandSpecs
{
    private BuiltHarness _harness = null!;

    [OneTimeSetUp]
    public void Make()
    {
        _harness = new BuiltHarness();
        _harness.Write("talk.json", """{"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "Hé\n"}], "note": [1.0, 12345678901234567890]}""");
        _harness.Write("chat.jinja", "{{ bos_token }}{% for m in messages %}\n[{{ m.role }}] {{ m.content }}{{ eos_token }}\n{% endfor %}\n{% if add_generation_prompt %}[assistant]{% endif %}");
        _harness.Write("refuse.jinja", "\n\n{{ raise_exception('System role not supported') }}");
        _harness.Write("time.jinja", "{{ strftime_now('%d %b %Y %H:%M') }} {{ note }}");
        _harness.Write("broken.jinja", "ok\n{% if x %}");
        _harness.Write("loop.jinja", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
        _harness.Write("model/chat_template.jinja", "{{ bos_token }}model:{{ messages | length }}");
        _harness.Write("model/tokenizer_config.json", """{"bos_token": {"content": "<B>"}, "eos_token": "<E>", "chat_template": "not this one"}""");
        _harness.Write("config/tokenizer_config.json", """{"chat_template": [{"name": "tool_use", "template": "no"}, {"name": "default", "template": "yes{{ eos_token }}"}], "eos_token": "<E>"}""");
        _harness.Write("bare/tokenizer_config.json", "{}");
        _harness.Write("empty/readme.txt", "");
        _harness.Write("list.json", "[1]");
        _harness.Write("cut.json", "{\"messages\": [\n1,");
        _harness.Write("none.json", "{}");
    }

    [OneTimeTearDown]
    public void Remove() => _harness.Dispose();

    [TestCase("chat.jinja --messages talk.json", "[system] S\n[user] Hé\n\n")]
    [TestCase("chat.jinja --messages talk.json --add-generation-prompt --bos-token <s> --eos-token </s>", "<s>[system] S</s>\n[user] Hé\n</s>\n[assistant]")]
    [TestCase("time.jinja --messages talk.json --now 2026-07-06T05:04:00+09:00", "06 Jul 2026 05:04 [1.0, 12345678901234567890]")]
    [TestCase("model --messages talk.json", "<B>model:2")]
    [TestCase("model --messages talk.json --bos-token [X]", "[X]model:2")]
    [TestCase("config --messages talk.json", "yes<E>")]
    [TestCase("config/tokenizer_config.json --messages talk.json", "yes<E>")]
    [TestCase("model --messages talk.json --json", "{\"prompt\":\"\\u003CB\\u003Emodel:2\"}\n")]
    public void The_prompt_is_printed_byte_for_byte(string line, string expected)
    {
        Outcome outcome = _harness.Run(["template", .. line.Split(' ')]);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Output, Is.EqualTo(expected));
            Assert.That(outcome.Status, Is.Zero, outcome.Error);
        });
    }

    [TestCase("refuse.jinja --messages talk.json", 1, "System role not supported", "refuse.jinja, template line 3", "the template itself refuses")]
    [TestCase("broken.jinja --messages talk.json", 1, "Unexpected end of template", "template line 2", "not valid Jinja2")]
    [TestCase("loop.jinja --messages talk.json", 1, "steps", "template line 1", "does not end")]
    [TestCase("empty --messages talk.json", 1, "there is no chat template", "empty", ".jinja")]
    [TestCase("bare --messages talk.json", 1, "there is no chat template: the file has no chat_template", "bare", ".jinja")]
    [TestCase("none.jinja --messages talk.json", 2, "no such file", "none.jinja", "")]
    [TestCase("chat.jinja --messages list.json", 2, "a JSON object is needed", "--messages list.json", "\"messages\"")]
    [TestCase("chat.jinja --messages cut.json", 2, "no valid JSON", "line 2", "\"messages\"")]
    [TestCase("chat.jinja --messages none.json", 2, "no list 'messages'", "--messages none.json", "\"messages\"")]
    [TestCase("chat.jinja --messages nowhere.json", 2, "no such file", "--messages nowhere.json", "standard input")]
    [TestCase("chat.jinja --messages talk.json --now soon", 2, "'soon' is no time", "--now", "2026-07-26")]
    [TestCase("chat.jinja", 2, "--messages", "", "harness template --help")]
    public void What_is_wrong_is_said_with_where_and_what_to_do(string line, int status, string what, string where, string remedy)
    {
        Outcome outcome = _harness.Run(["template", .. line.Split(' ')]);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Status, Is.EqualTo(status));
            Assert.That(outcome.Error, Does.Contain(what).And.Contain(where).And.Contain(remedy));
            Assert.That(outcome.Output, Is.Empty);
        });
    }

    [Test]
    public void Messages_may_come_on_standard_input() =>
        Assert.That(_harness.RunWith("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "template", "chat.jinja", "--messages", "-").Output, Is.EqualTo("[user] x\n"));
}
