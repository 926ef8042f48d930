using System.Globalization;
using Harness.Formats.Gguf;

namespace Harness.Runner.Inspection;

/// <summary>Finds what is wrong with a model's file by its header: what breaks it, and what silently gives wrong answers.</summary>
internal static class HeaderProblems
{
    public static IReadOnlyList<HeaderProblem> Find(
        GgufMetadata metadata, GgufTensor[] tensors, InspectedTokenizer? tokenizer, InspectedTemplate? template, HeaderVerdict builtin)
    {
        var problems = new List<HeaderProblem>();
        if (builtin.Verdict == "fails")
            problems.Add(new HeaderProblem("tensors", builtin.Reason!, Remedy(builtin.Reason!, tensors)));
        if (builtin is { Verdict: "unsupported", Reason: { } reason } && reason.Contains("has no use for", StringComparison.Ordinal))
            problems.Add(new HeaderProblem("extra-tensors", reason, "The model computes something that its architecture's name does not say; convert it again from its source."));
        Vocabulary(tensors, tokenizer, problems);
        Tokens(tokenizer, problems);
        Templates(metadata, tokenizer, template, problems);
        return problems;
    }

    private static string Remedy(string reason, GgufTensor[] tensors)
    {
        // A file whose query, key and value are one matrix where its readers look for three: the converter's choice.
        bool fused = reason.Contains(".attn_q.", StringComparison.Ordinal) && tensors.Any(t => t.Name.EndsWith(".attn_qkv.weight", StringComparison.Ordinal));
        return fused
            ? "Query, key and value are fused here (attn_qkv.weight) and the architecture keeps them apart: convert the model again with a converter that splits them."
            : "Fetch the file again, or convert it again from its source.";
    }

    private static void Vocabulary(GgufTensor[] tensors, InspectedTokenizer? tokenizer, List<HeaderProblem> problems)
    {
        GgufTensor? embedding = tensors.FirstOrDefault(t => t.Name == "token_embd.weight");
        if (embedding is null || tokenizer is null || tokenizer.Tokens == 0 || embedding.Shape.Length < 2 || embedding.Shape[1] == tokenizer.Tokens)
            return;
        problems.Add(new HeaderProblem(
            "vocabulary",
            string.Create(CultureInfo.InvariantCulture, $"The vocabulary has {tokenizer.Tokens} tokens, the embedding (token_embd.weight) {embedding.Shape[1]} rows."),
            "llama.cpp refuses such a file: convert it again, with the tokenizer that belongs to the weights."));
    }

    private static void Tokens(InspectedTokenizer? tokenizer, List<HeaderProblem> problems)
    {
        if (tokenizer is null)
        {
            problems.Add(new HeaderProblem("missing-tokenizer", "The file holds no tokenizer.", "It can be run on token ids only; convert it again with its tokenizer."));
            return;
        }

        if (tokenizer is { Model: "gpt2", Pre: null or "default" })
        {
            problems.Add(new HeaderProblem(
                "missing-pre",
                $"tokenizer.ggml.pre is {(tokenizer.Pre is null ? "absent" : "'default'")}: text is split as no model of today was trained on.",
                "The file is from before April 2024, or its converter did not know the tokenizer: answers are silently worse. Fetch a newer file."));
        }

        if (tokenizer.Unsupported is { } unsupported)
            problems.Add(new HeaderProblem("tokenizer", unsupported, "The built-in engine runs it on token ids only."));
        foreach (SpecialToken token in tokenizer.Special.Where(t => t.Text is null && tokenizer.Tokens > 0))
        {
            problems.Add(new HeaderProblem(
                "special-token",
                string.Create(CultureInfo.InvariantCulture, $"The {token.Role} token is {token.Id}, outside the vocabulary of {tokenizer.Tokens}."),
                "Fetch the file again, or convert it again."));
        }
    }

    private static void Templates(GgufMetadata metadata, InspectedTokenizer? tokenizer, InspectedTemplate? template, List<HeaderProblem> problems)
    {
        if (template is null)
        {
            problems.Add(new HeaderProblem(
                "missing-template", "The file holds no chat template (tokenizer.chat_template).",
                "A base model needs none. For a chat model backends guess one, and each guesses another: fetch a file that has it."));
            return;
        }

        if (template.Fault is { } fault)
            problems.Add(new HeaderProblem("template", $"The chat template does not parse: {fault}", "Fetch a newer file; backends fall back to another template in silence."));
        EndOfTurn(metadata, tokenizer, problems);
    }

    /// <summary>The token that ends a turn in the template must be one that the metadata name as an end: not every backend knows it by its text.</summary>
    private static void EndOfTurn(GgufMetadata metadata, InspectedTokenizer? tokenizer, List<HeaderProblem> problems)
    {
        string template = metadata.GetString(Text.Templates.ModelTemplate.Key);
        if (tokenizer is null || tokenizer.Unsupported is not null || !metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens))
            return;
        foreach (string end in (string[])["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|end_of_turn|>", "<|return|>"])
        {
            if (!template.Contains(end, StringComparison.Ordinal))
                continue;
            int id = IndexOf(tokens, end);
            SpecialToken[] ends = [.. tokenizer.Special.Where(t => t.Role is "eos" or "eot" or "eom")];
            if (id >= 0 && !ends.Any(t => t.Id == id))
            {
                problems.Add(new HeaderProblem(
                    "end-of-turn",
                    string.Create(CultureInfo.InvariantCulture, $"The template ends a turn with {end} (id {id}), which the metadata do not name as an end: {(ends.Length == 0 ? "they name none" : string.Join(", ", ends.Select(t => $"{t.Role} is {t.Id} {t.Text}")))}."),
                    "With backends that go by the metadata answers run on past their end: set tokenizer.ggml.eot_token_id, or fetch a newer file."));
            }
        }
    }

    private static int IndexOf(GgufStringArray tokens, string text)
    {
        byte[] wanted = System.Text.Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].SequenceEqual(wanted))
                return i;
        }

        return -1;
    }
}
