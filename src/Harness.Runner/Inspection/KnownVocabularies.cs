using Harness.Formats.Gguf;

namespace Harness.Runner.Inspection;

/// <summary>
/// Vocabularies that are known by their tokens and their size, and the pre-tokenizers that split text for them. A header that
/// names another was made by a converter that did not know the tokenizer: it loads, and answers are silently worse.
/// </summary>
internal static class KnownVocabularies
{
    private static readonly Vocabulary[] All =
    [
        new("Llama 3", 128_000, 129_000, ["<|begin_of_text|>", "<|start_header_id|>"], ["llama-bpe", "llama3", "llama-v3", "smaug-bpe", "pixtral"]),
        new("Qwen 2 and 3", 151_600, 152_100, ["<|im_start|>", "<|endoftext|>"], ["qwen2", "deepseek-r1-qwen", "megrez", "qwen35", "f2llmv2", "kormo"]),
        new("DeepSeek V3", 128_000, 129_600, ["<｜begin▁of▁sentence｜>", "<｜User｜>"], ["deepseek-v3"]),
        new("DeepSeek LLM", 100_000, 102_500, ["<｜begin▁of▁sentence｜>"], ["deepseek-llm"]),
        new("DeepSeek Coder", 32_000, 32_300, ["<｜begin▁of▁sentence｜>"], ["deepseek-coder"]),
        new("Tekken (Mistral NeMo)", 131_000, 131_100, ["[INST]", "[/INST]"], ["tekken", "pixtral"]),
        new("GPT-4o and gpt-oss", 199_900, 201_100, ["<|endoftext|>", "<|start|>"], ["gpt-4o"]),
        new("Command R", 254_000, 262_000, ["<|START_OF_TURN_TOKEN|>"], ["command-r", "tiny_aya", "cohere2moe"]),
        new("GLM-4", 151_300, 151_560, ["[gMASK]", "<|user|>"], ["glm4", "chatglm-bpe"]),
    ];

    /// <summary>The vocabulary a file holds, and how text is split for it; null when it is none of these.</summary>
    public static (string Name, IReadOnlyList<string> Pres)? Find(GgufStringArray tokens)
    {
        foreach (Vocabulary one in All)
        {
            if (tokens.Count >= one.Least && tokens.Count <= one.Most && one.Tokens.All(token => tokens.IndexOf(token) >= 0))
                return (one.Name, one.Pres);
        }

        return null;
    }

    private sealed record Vocabulary(string Name, int Least, int Most, string[] Tokens, string[] Pres);
}
