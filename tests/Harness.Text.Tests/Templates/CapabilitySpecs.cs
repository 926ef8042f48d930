using Harness.Text.Templates;
using NUnit.Framework;

namespace Harness.Text.Tests.Templates;

/// <summary>What a template can do is found by rendering, and a system message it does not take is folded, never lost.</summary>
public sealed class CapabilitySpecs
{
    private const string Open = "{% if add_generation_prompt %}<a>{% endif %}";
    private const string Plain = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}</t>{% endfor %}" + Open;
    private const string Refusing = "{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}{% for m in messages %}{{ m.content }}</t>{% endfor %}";
    private const string Dropping = "{% for m in messages if m.role != 'system' %}{{ m.content }}</t>{% endfor %}" + Open;
    private const string Failing = "{% for m in messages %}{{ m.content }}{{ {'user': 'u', 'assistant': 'a'}[m.role].x.y if m.role == 'system' }}{% endfor %}";
    private const string Tooling = "{% if tools %}{% for t in tools %}{{ t.function.name }}{% endfor %}{% endif %}" + Plain;
    private const string Thinking = Plain + "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}";

    [TestCase(Plain, TemplateSupport.Yes, TemplateSupport.Ignored, false, "<a>", "</t>", true)]
    [TestCase(Refusing, TemplateSupport.Refused, TemplateSupport.Ignored, false, "", "</t>", false)]
    [TestCase(Dropping, TemplateSupport.Ignored, TemplateSupport.Ignored, false, "<a>", "</t>", false)]
    [TestCase(Failing, TemplateSupport.Failed, TemplateSupport.Ignored, false, "", "", false)]
    [TestCase(Tooling, TemplateSupport.Yes, TemplateSupport.Yes, false, "<a>", "</t>", true)]
    [TestCase(Thinking, TemplateSupport.Yes, TemplateSupport.Ignored, true, "<a>", "</t>", true)]
    public void Capabilities_are_found_by_rendering(
        string template, TemplateSupport system, TemplateSupport tools, bool thinking, string generationPrompt, string answerEnd, bool bos)
    {
        TemplateCapabilities can = TemplateCapabilities.Of(ChatTemplate.Parse(template), "<s>", "</s>");
        Assert.Multiple(() =>
        {
            Assert.That(can.System, Is.EqualTo(system));
            Assert.That(can.Tools, Is.EqualTo(tools));
            Assert.That(can.ThinkingSwitch, Is.EqualTo(thinking));
            Assert.That(can.GenerationPrompt, Is.EqualTo(generationPrompt));
            Assert.That(can.AnswerEnd, Is.EqualTo(answerEnd));
            Assert.That(can.BeginsWithBos, Is.EqualTo(bos));
            Assert.That(can.Fault, Is.Null);
        });
    }

    [Test]
    public void A_template_that_takes_no_message_at_all_says_why() =>
        Assert.That(TemplateCapabilities.Of(ChatTemplate.Parse("{{ raise_exception('never') }}"), "", "").Fault, Is.EqualTo("never"));

    [Test]
    public void A_refused_system_message_is_folded_into_the_first_user_message()
    {
        ChatMessage[] messages = [new("system", "Be terse."), new("user", "Hi"), new("assistant", "Yes"), new("user", "Bye")];
        ChatPrompt prompt = ChatPrompt.Render(ChatTemplate.Parse(Refusing), messages, "", "", DateTimeOffset.UnixEpoch);
        Assert.That((prompt.Text, prompt.SystemRefusal), Is.EqualTo(("Be terse.\n\nHi</t>Yes</t>Bye</t>", "no system here")));
    }

    [Test]
    public void A_template_that_takes_the_system_message_gets_it() =>
        Assert.That(ChatPrompt.Render(ChatTemplate.Parse(Plain), [new("system", "S"), new("user", "U")], "<s>", "", DateTimeOffset.UnixEpoch).SystemRefusal, Is.Null);

    [Test]
    public void A_template_that_refuses_the_folded_conversation_too_is_told_by_its_first_words()
    {
        var template = ChatTemplate.Parse("{% if messages[0].role == 'system' %}{{ raise_exception('first') }}{% endif %}{{ raise_exception('second') }}");
        Assert.That(
            () => ChatPrompt.Render(template, [new("system", "S"), new("user", "U")], "", "", DateTimeOffset.UnixEpoch),
            Throws.TypeOf<TemplateException>().With.Message.EqualTo("first"));
    }

    [Test]
    public void Real_templates_tell_what_they_can_do()
    {
        string folder = SharedFolder.Require("chat-templates");
        TemplateCapabilities Of(string name) => TemplateCapabilities.Of(ChatTemplate.Parse(File.ReadAllText(Path.Combine(folder, name))), "<s>", "</s>");
        TemplateCapabilities gemma = Of("google-gemma-2-2b-it.jinja"), qwen = Of("Qwen-Qwen2.5-7B-Instruct.jinja"), llama = Of("meta-llama-Llama-3.2-3B-Instruct.jinja");
        Assert.Multiple(() =>
        {
            Assert.That((gemma.System, gemma.SystemRefusal, gemma.GenerationPrompt, gemma.BeginsWithBos),
                Is.EqualTo((TemplateSupport.Refused, "System role not supported", "<start_of_turn>model\n", true)));
            Assert.That((qwen.System, qwen.Tools, qwen.AnswerEnd, qwen.BeginsWithBos), Is.EqualTo((TemplateSupport.Yes, TemplateSupport.Yes, "<|im_end|>\n", false)));
            Assert.That((llama.System, llama.Tools, llama.AnswerEnd, llama.BeginsWithBos), Is.EqualTo((TemplateSupport.Yes, TemplateSupport.Yes, "<|eot_id|>", true)));
            foreach (string path in Directory.GetFiles(folder, "*.jinja")) Assert.That(Of(Path.GetFileName(path)).Fault, Is.Null, path);
        });
    }
}
