using Harness.Formats.Gguf;
using Harness.Runner.Inspection;
using NUnit.Framework;

namespace Harness.Runner.Tests.Inspection;

/// <summary>What is broken in a file is found by its header, and named: the tensor, the shapes, the token, the key.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class BrokenHeaderSpecs
{
    [TestCase("llama")]
    [TestCase("qwen3moe")]
    [TestCase("gemma2")]
    [TestCase("phi3")]
    public void A_sound_file_has_no_problem(string architecture) =>
        Assert.That(DamagedHeader.Of(architecture).Inspect().Problems, Is.Empty);

    [Test]
    public void A_missing_tensor_is_named_with_the_shape_it_should_have()
    {
        HeaderProblem problem = Only(DamagedHeader.Of("qwen2").Remove("blk.1.ffn_down.weight"), "missing-tensor");
        Assert.That(problem.Message, Does.Contain("blk.1.ffn_down.weight").And.Match(@"\[\d+, \d+\]"));
        Assert.That(problem.Breaks);
    }

    [Test]
    public void A_tensor_that_every_layer_misses_is_one_problem()
    {
        DamagedHeader header = DamagedHeader.Of("qwen2");
        string[] downs = [.. header.TensorNames.Where(n => n.EndsWith(".ffn_down.weight", StringComparison.Ordinal))];
        foreach (string down in downs) header.Remove(down);
        Assert.That(Only(header, "missing-tensor").Message, Does.Contain("blk.0.ffn_down.weight").And.Contain($"{downs.Length - 1} more layer"));
    }

    [Test]
    public void A_misshapen_tensor_is_named_with_both_shapes()
    {
        HeaderProblem problem = Only(DamagedHeader.Of("llama").Reshape("blk.0.attn_k.weight", 256, 32), "misshapen-tensor");
        Assert.That(problem.Message, Does.Contain("blk.0.attn_k.weight").And.Contain("[256, 32]").And.Contain("asks for ["));
    }

    [Test]
    public void Several_faults_are_all_named()
    {
        string[] kinds = [.. DamagedHeader.Of("llama").Remove("output_norm.weight").Reshape("blk.0.attn_k.weight", 256, 32).Add("blk.0.mystery.weight", 7).Inspect().Problems.Select(p => p.Kind)];
        Assert.That(kinds, Is.EquivalentTo(new[] { "misshapen-tensor", "missing-tensor", "extra-tensors" }));
    }

    [Test]
    public void A_misnamed_tensor_is_told_from_a_missing_one()
    {
        HeaderProblem problem = Only(DamagedHeader.Of("llama").Rename("blk.0.ffn_norm.weight", "blk.0.ffn_layernorm.weight"), "misnamed-tensor");
        Assert.That(problem.Message, Does.Contain("'blk.0.ffn_layernorm.weight'").And.Contain("'blk.0.ffn_norm.weight'"));
    }

    [Test]
    public void Fused_query_key_and_value_of_a_wrong_width_are_told()
    {
        // Fused ones of the right width are read; these have too few rows for the heads that the metadata says.
        DamagedHeader header = DamagedHeader.Of("llama");
        foreach (string name in header.TensorNames.Where(n => n.EndsWith(".attn_k.weight", StringComparison.Ordinal) || n.EndsWith(".attn_v.weight", StringComparison.Ordinal)).ToArray())
            header.Remove(name);
        foreach (string name in header.TensorNames.Where(n => n.EndsWith(".attn_q.weight", StringComparison.Ordinal)).ToArray())
            header.Reshape(name, 256, 640).Rename(name, name.Replace("attn_q.", "attn_qkv.", StringComparison.Ordinal));
        HeaderProblem problem = Only(header, "misshapen-tensor");
        Assert.That(problem.Message, Does.Contain("'blk.0.attn_qkv.weight' has the shape [256, 640]"));
    }

    [Test]
    public void Tensors_fused_into_one_that_is_not_read_are_told()
    {
        DamagedHeader header = DamagedHeader.Of("llama");
        foreach (string name in header.TensorNames.Where(n => n.EndsWith(".ffn_gate.weight", StringComparison.Ordinal)).ToArray())
            header.Remove(name);
        foreach (string name in header.TensorNames.Where(n => n.EndsWith(".ffn_up.weight", StringComparison.Ordinal)).ToArray())
            header.Reshape(name, 256, 1536).Rename(name, name.Replace("ffn_up.", "ffn_gate_up.", StringComparison.Ordinal));
        HeaderProblem problem = Only(header, "fused-tensors");
        Assert.That(problem.Message, Does.Contain("Gate and up are fused here (blk.0.ffn_gate_up.weight)").And.Contain("is missing"));
    }

    [Test]
    public void A_pre_tokenizer_that_the_builtin_engine_lacks_is_unsupported_there()
    {
        InspectedModel model = DamagedHeader.Of("qwen2").Set("tokenizer.ggml.pre", GgufValue.Of("of-tomorrow")).Inspect();
        HeaderVerdict builtin = model.Backends.Single(b => b.Backend == "builtin");
        Assert.That(builtin.Verdict, Is.EqualTo("unsupported"));
        Assert.That(builtin.Reason, Does.Contain("of-tomorrow"));
    }

    [Test]
    public void An_extra_tensor_is_named()
    {
        HeaderProblem problem = Only(DamagedHeader.Of("llama").Add("blk.0.attn_gate.weight", 256, 8), "extra-tensors");
        Assert.That(problem.Message, Does.Contain("blk.0.attn_gate.weight"));
        Assert.That(problem.Breaks, Is.False, "a build that knows it may run it");
    }

    [Test]
    public void A_file_under_another_architectures_name_is_told_by_its_tensors()
    {
        InspectedModel model = DamagedHeader.Of("gptneox").Set("general.architecture", GgufValue.Of("llama")).Inspect();
        Assert.That(model.Backends[0].Verdict, Is.AnyOf("fails", "unsupported"));
        Assert.That(model.Problems.Select(p => p.Kind), Is.Not.Empty);
    }

    [Test]
    public void A_vocabulary_of_another_size_than_the_embedding_is_named_with_both()
    {
        string[] tokens = [.. Enumerable.Range(0, 300).Select(i => $"t{i}")];
        InspectedModel model = DamagedHeader.Of("llama").Set("tokenizer.ggml.tokens", GgufValue.OfStrings(tokens)).Inspect();
        Assert.That(model.Problems.Single(p => p.Kind == "vocabulary").Message, Does.Contain("300 tokens").And.Match(@"\d+ rows"));
    }

    [TestCase(null, "absent")]
    [TestCase("default", "'default'")]
    public void A_missing_pre_tokenizer_is_named(string? pre, string said)
    {
        HeaderProblem problem = Only(DamagedHeader.Of("qwen2").Set("tokenizer.ggml.pre", pre is null ? null : GgufValue.Of(pre)), "missing-pre");
        Assert.That(problem.Message, Does.Contain("tokenizer.ggml.pre is " + said));
    }

    [TestCase("Llama 3", 128_256, new[] { "<|begin_of_text|>", "<|start_header_id|>" }, "gpt-2", "llama-bpe")]
    [TestCase("Qwen 2 and 3", 151_936, new[] { "<|im_start|>", "<|endoftext|>" }, "llama-bpe", "qwen2")]
    [TestCase("Tekken (Mistral NeMo)", 131_072, new[] { "[INST]", "[/INST]" }, "gpt-2", "tekken")]
    public void An_outdated_pre_tokenizer_is_named_with_the_right_one(string vocabulary, int count, string[] tokens, string pre, string right)
    {
        string[] all = [.. Enumerable.Range(0, count - tokens.Length).Select(i => $"t{i}"), .. tokens];
        DamagedHeader header = DamagedHeader.Of("qwen2").Set("tokenizer.ggml.tokens", GgufValue.OfStrings(all)).Set("tokenizer.ggml.pre", GgufValue.Of(pre));
        HeaderProblem problem = header.Inspect().Problems.Single(p => p.Kind == "outdated-pre");
        Assert.That(problem.Message, Does.Contain(vocabulary).And.Contain($"'{pre}'").And.Contain($"'{right}'"));
        Assert.That(header.Set("tokenizer.ggml.pre", GgufValue.Of(right)).Inspect().Problems.Select(p => p.Kind), Does.Not.Contain("outdated-pre"));
    }

    [Test]
    public void An_absent_template_is_named() =>
        Assert.That(Only(DamagedHeader.Of("llama").Set("tokenizer.chat_template", null), "missing-template").Breaks, Is.False);

    [TestCase("{% for m in %}")]
    [TestCase("{{ messages[0].nothing.at.all }}")]
    public void A_template_that_fails_is_named_with_its_fault(string template) =>
        Assert.That(Only(DamagedHeader.Of("llama").Set("tokenizer.chat_template", GgufValue.Of(template)), "template").Message, Does.Contain("cannot be used: "));

    [Test]
    public void A_turn_that_ends_with_a_token_nobody_knows_as_an_end_is_named()
    {
        HeaderProblem problem = Only(DamagedHeader.Of("qwen2").Set("tokenizer.ggml.eos_token_id", GgufValue.Of(0u)), "end-of-turn");
        Assert.That(problem.Message, Does.Contain("<|im_end|>").And.Contain("eos is 0"));
    }

    [Test]
    public void A_special_token_outside_the_vocabulary_is_named() =>
        Assert.That(DamagedHeader.Of("qwen2").Set("tokenizer.ggml.eos_token_id", GgufValue.Of(999_999u)).Inspect().Problems.Select(p => p.Message),
            Has.Some.Contains("The eos token is 999999, outside the vocabulary"));

    [Test]
    public void A_file_without_a_tokenizer_is_named()
    {
        DamagedHeader header = DamagedHeader.Of("llama");
        foreach (string key in (string[])["model", "pre", "tokens", "token_type", "scores", "merges"]) header.Set("tokenizer.ggml." + key, null);
        Assert.That(header.Inspect().Problems.Select(p => p.Kind), Does.Contain("missing-tokenizer"));
    }

    [Test]
    public void What_the_header_says_of_a_template_is_found_by_rendering_it()
    {
        InspectedTemplate template = DamagedHeader.Of("qwen2").Inspect().Template!;
        Assert.That((template.Fault, template.System, template.EndOfTurn), Is.EqualTo(((string?)null, "yes", "<|im_end|>")));
        const string Refuses = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
        Assert.That(DamagedHeader.Of("qwen2").Set("tokenizer.chat_template", GgufValue.Of(Refuses)).Inspect().Template!.System, Is.EqualTo("refused"));
    }

    private static HeaderProblem Only(DamagedHeader header, string kind)
    {
        IReadOnlyList<HeaderProblem> problems = header.Inspect().Problems;
        Assert.That(problems.Select(p => p.Kind), Is.EqualTo(new[] { kind }), string.Join('\n', problems.Select(p => p.Message)));
        Assert.That(problems[0].Remedy, Is.Not.Empty);
        return problems[0];
    }
}
