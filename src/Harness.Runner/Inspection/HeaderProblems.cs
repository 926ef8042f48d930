using System.Globalization;
using Harness.Formats.Gguf;
using Harness.Workers.Builtin;

namespace Harness.Runner.Inspection;

/// <summary>Finds what is wrong with a model's file by its header: what breaks it, and what silently gives wrong answers.</summary>
internal static class HeaderProblems
{
    public static IReadOnlyList<HeaderProblem> Find(
        GgufMetadata metadata, GgufTensor[] tensors, InspectedTokenizer? tokenizer, InspectedTemplate? template, BuiltinInspection inspection)
    {
        List<HeaderProblem> problems = [.. TensorProblems.Find(inspection, tensors)];
        Vocabulary(tensors, tokenizer, problems);
        Tokens(metadata, tokenizer, problems);
        Template(metadata, tokenizer, template, problems);
        return problems;
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

    private static void Tokens(GgufMetadata metadata, InspectedTokenizer? tokenizer, List<HeaderProblem> problems)
    {
        if (tokenizer is null)
        {
            problems.Add(new HeaderProblem("missing-tokenizer", "The file holds no tokenizer.", "It can be run on token ids only; convert it again with its tokenizer."));
            return;
        }

        if (tokenizer.Model == "gpt2" && metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens)) PreTokenizer(tokenizer.Pre, tokens, problems);
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

    private static void PreTokenizer(string? pre, GgufStringArray tokens, List<HeaderProblem> problems)
    {
        (string Name, IReadOnlyList<string> Pres)? known = KnownVocabularies.Find(tokens);
        string should = known is { } vocabulary ? $" Its vocabulary is that of {vocabulary.Name}, which is split by '{vocabulary.Pres[0]}'." : "";
        if (pre is null or "default")
        {
            problems.Add(new HeaderProblem(
                "missing-pre",
                $"tokenizer.ggml.pre is {(pre is null ? "absent" : "'default'")}: text is split as no model of today was trained on.{should}",
                "The file is from before April 2024, or its converter did not know the tokenizer: answers are silently worse. Fetch a newer file."));
        }
        else if (known is { } other && !other.Pres.Contains(pre))
        {
            problems.Add(new HeaderProblem(
                "outdated-pre",
                $"tokenizer.ggml.pre is '{pre}'.{should}",
                "Text is split otherwise than in training, and answers are silently worse: fetch a newer file, or convert it again with a current converter."));
        }
    }

    private static void Template(GgufMetadata metadata, InspectedTokenizer? tokenizer, InspectedTemplate? template, List<HeaderProblem> problems)
    {
        if (template is null)
        {
            problems.Add(new HeaderProblem(
                "missing-template", "The file holds no chat template (tokenizer.chat_template).",
                "A base model needs none. For a chat model backends guess one, and each guesses another: fetch a file that has it."));
            return;
        }

        if (template.Fault is { } fault)
            problems.Add(new HeaderProblem("template", $"The chat template cannot be used: {fault}", "Fetch a newer file; backends fall back to another template in silence."));
        if (tokenizer is not null && template.EndOfTurn is { } end && metadata.TryGetStrings("tokenizer.ggml.tokens", out GgufStringArray? tokens))
            EndOfTurn(tokenizer, end, tokens.IndexOf(end), problems);
    }

    /// <summary>The token that ends a turn in the template must be one that the metadata name as an end: not every backend knows it by its text.</summary>
    private static void EndOfTurn(InspectedTokenizer tokenizer, string end, int id, List<HeaderProblem> problems)
    {
        SpecialToken[] ends = [.. tokenizer.Special.Where(t => t.Role is "eos" or "eot" or "eom")];
        if (id < 0 || ends.Any(t => t.Id == id))
            return;
        string named = ends.Length == 0 ? "they name none" : string.Join(", ", ends.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Role} is {t.Id} {t.Text}")));
        problems.Add(new HeaderProblem(
            "end-of-turn",
            string.Create(CultureInfo.InvariantCulture, $"The template ends a turn with {end} (id {id}), which the metadata do not name as an end: {named}."),
            "With backends that go by the metadata answers run on past their end: set tokenizer.ggml.eot_token_id, or fetch a newer file."));
    }
}
