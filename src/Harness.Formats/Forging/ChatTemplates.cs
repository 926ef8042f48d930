namespace Harness.Formats.Forging;

/// <summary>Short chat templates of the three common forms, for forged models.</summary>
internal static class ChatTemplates
{
    public const string ChatMl =
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    public const string Headers =
        "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
        + "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
        + "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}";

    public const string Instructions =
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
        + "{% else %}[INST] {{ message['content'] }} [/INST]{% endif %}{% endfor %}";
}
