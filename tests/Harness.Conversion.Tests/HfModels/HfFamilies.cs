using System.Text.Json.Nodes;

namespace Harness.Conversion.Tests.HfModels;

/// <summary>
/// How the transformers library lays out each family: names, shapes and orders of its modeling code, stated here from that
/// side and without a look at the conversion, so that a mistake made there is not made here too.
/// </summary>
internal static class HfFamilies
{
    /// <summary>The architectures that can be laid out, and the variant of each one's probe that a configuration can describe.</summary>
    public static IReadOnlyDictionary<string, (string? Variant, Action<HfModel> Lay)> All { get; } = new SortedDictionary<string, (string?, Action<HfModel>)>(StringComparer.Ordinal)
    {
        ["llama"] = ("rope-linear", LikeLlama("LlamaForCausalLM", halvesApart: true)),
        ["granite"] = (null, LikeLlama("GraniteForCausalLM", halvesApart: true)),
        ["smollm3"] = (null, LikeLlama("SmolLM3ForCausalLM", halvesApart: true)),
        ["minicpm"] = (null, LikeLlama("MiniCPMForCausalLM", halvesApart: true)),
        ["qwen2"] = (null, LikeLlama("Qwen2ForCausalLM")),
        ["qwen2moe"] = (null, Qwen2Moe),
        ["qwen3"] = (null, LikeLlama("Qwen3ForCausalLM")),
        ["qwen3moe"] = (null, LikeLlama("Qwen3MoeForCausalLM")),
        ["seed_oss"] = (null, SeedOss),
        ["ernie4_5"] = (null, LikeLlama("Ernie4_5ForCausalLM")),
        ["gemma"] = (null, Gemma("GemmaForCausalLM")),
        ["gemma2"] = (null, Gemma("Gemma2ForCausalLM")),
        ["gemma3"] = (null, Gemma("Gemma3ForCausalLM")),
        ["phi2"] = ("split", Phi2),
        ["phi3"] = ("plain", Phi3),
        ["gpt2"] = (null, Gpt2),
        ["starcoder"] = (null, StarCoder),
        ["starcoder2"] = (null, StarCoder2),
        ["gptneox"] = (null, GptNeoX),
        ["bloom"] = (null, Bloom),
        ["falcon"] = ("40b", Falcon),
        ["mpt"] = (null, Mpt),
        ["stablelm"] = ("parallel", StableLm),
        ["nemotron"] = (null, Nemotron),
        ["olmo"] = (null, LikeLlama("OlmoForCausalLM", halvesApart: true)),
        ["olmo2"] = (null, Olmo2),
        ["olmoe"] = (null, LikeLlama("OlmoeForCausalLM")),
        ["command-r"] = (null, LikeLlama("CohereForCausalLM")),
        ["cohere2"] = (null, LikeLlama("Cohere2ForCausalLM")),
        ["glm4"] = (null, Glm4),
        ["exaone4"] = (null, Exaone4),
        ["internlm2"] = (null, InternLm2),
        ["baichuan"] = (null, Baichuan),
        ["granitemoe"] = (null, GraniteMoe),
        ["deepseek2"] = ("absorbed", DeepSeek2),
    };

    /// <summary>Lays a probe out as a model directory.</summary>
    /// <param name="gguf">The probe.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="shards">Into how many files.</param>
    /// <param name="change">Spoils tensors, or null.</param>
    public static void Save(string gguf, string directory, int shards = 1, Func<HfTensor, HfTensor>? change = null)
    {
        using var file = Harness.Formats.Gguf.GgufFile.Open(gguf);
        var model = new HfModel(file);
        All[model.Architecture].Lay(model);
        for (int i = 0; change is not null && i < model.Tensors.Count; i++)
            model.Tensors[i] = change(model.Tensors[i]);
        model.Save(directory, shards);
        HfTokenizer.Save(file.Metadata, directory);
    }

    private static void Ends(HfModel m, string embedding = "model.embed_tokens", string norm = "model.norm", string output = "lm_head", Func<HfTensor, HfTensor>? change = null)
    {
        m.Add(embedding, "token_embd");
        m.Add(norm, "output_norm", change);
        m.Add(output, "output");
    }

    private static void Config(HfModel m, string className)
    {
        m.Config["architectures"] = new JsonArray(className);
        m.Config["hidden_size"] = m.Int("embedding_length");
        m.Config["num_hidden_layers"] = m.Layers;
        m.Config["num_attention_heads"] = m.Heads;
        m.Config["num_key_value_heads"] = m.KvHeads;
        m.Config["head_dim"] = m.Head;
        m.Config["intermediate_size"] = m.Int("feed_forward_length");
        m.Config["vocab_size"] = m.Int("vocab_size");
        m.Config["max_position_embeddings"] = m.Int("context_length");
        m.Config["tie_word_embeddings"] = !m.Has("output.weight");
        Copy(m, "rms_norm_eps", "attention.layer_norm_rms_epsilon");
        Copy(m, "layer_norm_eps", "attention.layer_norm_epsilon");
        Copy(m, "rope_theta", "rope.freq_base");
        Copy(m, "attention_multiplier", "attention.scale");
        Copy(m, "embedding_multiplier", "embedding_scale");
        Copy(m, "residual_multiplier", "residual_scale");
        if (m.Architecture.StartsWith("granite", StringComparison.Ordinal))
            Copy(m, "logits_scaling", "logit_scale");
        else
            Copy(m, "logit_scale", "logit_scale");
        if (m.TryInt("attention.sliding_window") is { } window)
            m.Config["sliding_window"] = window;
        Copy(m, "attn_logit_softcapping", "attn_logit_softcapping");
        Copy(m, "final_logit_softcapping", "final_logit_softcapping");
        Copy(m, "clip_qkv", "attention.clamp_kqv");
        Copy(m, "rope_local_base_freq", "rope.freq_base_swa");
        if (m.TryNumber("rope.scaling.factor") is { } factor)
            m.Config["rope_scaling"] = m.TryInt("rope.scaling.original_context_length") is { } original
                ? new JsonObject
                {
                    ["type"] = "yarn",
                    ["factor"] = factor,
                    ["original_max_position_embeddings"] = original,
                    ["mscale_all_dim"] = m.TryNumber("rope.scaling.yarn_log_multiplier") * 10,
                }
                : new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
        if (m.TryInt("rope.dimension_count") is { } rotated && rotated != m.Head)
            m.Config["partial_rotary_factor"] = rotated / (double)m.Head;
        foreach ((string field, string key) in new[]
        {
            ("num_experts", "expert_count"), ("num_experts_per_tok", "expert_used_count"), ("moe_intermediate_size", "expert_feed_forward_length"),
            ("shared_expert_intermediate_size", "expert_shared_feed_forward_length"),
        })
        {
            if (m.TryInt(key) is { } value)
                m.Config[field] = value;
        }
    }

    private static void Copy(HfModel m, string field, string key)
    {
        if (m.TryNumber(key) is { } value)
            m.Config[field] = value;
    }

    /// <summary>Separate q, k, v, o; gate, up, down; perhaps norms of q and k, perhaps experts.</summary>
    private static Action<HfModel> LikeLlama(string className, bool halvesApart = false) => m =>
    {
        Config(m, className);
        if (m.Architecture == "minicpm")
        {
            m.Config["scale_emb"] = m.Number("embedding_scale");
            m.Config["scale_depth"] = m.Number("residual_scale") * Math.Sqrt(m.Layers);
            m.Config["dim_model_base"] = m.Int("embedding_length") / m.Number("logit_scale");
        }

        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            Attention(m, hf + "self_attn.", gguf, halvesApart);
            if (m.Has(gguf + "ffn_gate_inp.weight"))
                Experts(m, hf + "mlp.gate", hf + "mlp.experts.", gguf, ("gate_proj", "up_proj", "down_proj"));
            else
                FeedForward(m, hf + "mlp.", gguf);
        }
    };

    private static void Attention(HfModel m, string hf, string gguf, bool halvesApart = false, string output = "o_proj", Func<HfTensor, HfTensor>? norms = null)
    {
        Func<HfTensor, HfTensor>? apart = halvesApart ? t => t.HalvesApart(t.Name, m.Head) : null;
        m.Add(hf + "q_proj", gguf + "attn_q", apart);
        m.Add(hf + "k_proj", gguf + "attn_k", apart);
        m.Add(hf + "v_proj", gguf + "attn_v");
        m.Add(hf + output, gguf + "attn_output");
        m.Add(hf + "q_norm", gguf + "attn_q_norm", norms);
        m.Add(hf + "k_norm", gguf + "attn_k_norm", norms);
    }

    private static void FeedForward(HfModel m, string hf, string gguf)
    {
        m.Add(hf + "gate_proj", gguf + "ffn_gate");
        m.Add(hf + "up_proj", gguf + "ffn_up");
        m.Add(hf + "down_proj", gguf + "ffn_down");
    }

    private static void Experts(HfModel m, string router, string experts, string gguf, (string Gate, string Up, string Down) names)
    {
        m.Add(router, gguf + "ffn_gate_inp");
        foreach ((string name, string kind) in new[] { (names.Gate, "ffn_gate_exps"), (names.Up, "ffn_up_exps"), (names.Down, "ffn_down_exps") })
        {
            HfTensor stack = m.Read($"{gguf}{kind}.weight");
            for (int x = 0; x < stack.Shape[0]; x++)
                m.Tensors.Add(stack.Matrix($"{experts}{x}.{name}.weight", x));
        }
    }

    private static void Qwen2Moe(HfModel m)
    {
        LikeLlama("Qwen2MoeForCausalLM")(m);
        for (int i = 0; i < m.Layers; i++)
        {
            foreach (string part in (string[])["gate", "up", "down"])
                m.Add($"model.layers.{i}.mlp.shared_expert.{part}_proj", $"blk.{i}.ffn_{part}_shexp");
            m.Add($"model.layers.{i}.mlp.shared_expert_gate", $"blk.{i}.ffn_gate_inp_shexp", t => t with { Shape = [1, t.Values.Length] });
        }
    }

    private static void SeedOss(HfModel m)
    {
        LikeLlama("SeedOssForCausalLM")(m);
        for (int i = 0; i < m.Layers; i++)
            m.Add($"model.layers.{i}.post_attention_layernorm", $"blk.{i}.post_attention_norm");
    }

    /// <summary>A norm's weight is one more than what is stored.</summary>
    private static Action<HfModel> Gemma(string className) => m =>
    {
        static HfTensor Less(HfTensor t) => t with { Values = [.. t.Values.Select(v => v - 1)] };
        Config(m, className);
        Ends(m, change: Less);
        bool both = className != "GemmaForCausalLM";
        if (className.StartsWith("Gemma3", StringComparison.Ordinal) && m.TryInt("attention.sliding_window") is null)
            m.Config["sliding_window_pattern"] = 1;
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm", Less);
            m.Add(hf + "post_attention_layernorm", gguf + (both ? "post_attention_norm" : "ffn_norm"), Less);
            m.Add(hf + "pre_feedforward_layernorm", both ? gguf + "ffn_norm" : "-", Less);
            m.Add(hf + "post_feedforward_layernorm", gguf + "post_ffw_norm", Less);
            Attention(m, hf + "self_attn.", gguf, norms: Less);
            FeedForward(m, hf + "mlp.", gguf);
        }
    };

    private static void Phi2(HfModel m)
    {
        Config(m, "PhiForCausalLM");
        Ends(m, norm: "model.final_layernorm");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            Attention(m, hf + "self_attn.", gguf, output: "dense");
            m.Add(hf + "mlp.fc1", gguf + "ffn_up");
            m.Add(hf + "mlp.fc2", gguf + "ffn_down");
        }
    }

    private static void Phi3(HfModel m)
    {
        Config(m, "Phi3ForCausalLM");
        m.Config["sliding_window"] = m.TryInt("attention.sliding_window");
        if (m.Has("rope_factors_long.weight"))
        {
            m.Config["original_max_position_embeddings"] = m.Int("rope.scaling.original_context_length");
            m.Config["rope_scaling"] = new JsonObject
            {
                ["type"] = "longrope",
                ["long_factor"] = new JsonArray([.. m.Read("rope_factors_long.weight").Values.Select(v => (JsonNode)v)]),
                ["short_factor"] = new JsonArray([.. m.Read("rope_factors_short.weight").Values.Select(v => (JsonNode)v)]),
            };
        }

        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Add(hf + "self_attn.qkv_proj", gguf + "attn_qkv");
            m.Add(hf + "self_attn.o_proj", gguf + "attn_output");
            m.Add(hf + "mlp.gate_up_proj", gguf + "ffn_up");
            m.Add(hf + "mlp.down_proj", gguf + "ffn_down");
        }
    }

    private static void GptConfig(HfModel m, string className)
    {
        Config(m, className);
        m.Config["layer_norm_epsilon"] = m.Number("attention.layer_norm_epsilon");
        m.Config["n_positions"] = m.Int("context_length");
        m.Config["n_inner"] = m.Int("feed_forward_length");
    }

    private static void Gpt2(HfModel m)
    {
        GptConfig(m, "GPT2LMHeadModel");
        m.Config.Remove("num_key_value_heads");
        Ends(m, "transformer.wte", "transformer.ln_f");
        m.Add("transformer.wpe", "position_embd");

        // Conv1D: inputs × outputs.
        static HfTensor Conv(HfTensor t) => t.Shape.Length == 2 ? t.Turned(t.Name) : t;
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"transformer.h.{i}.", $"blk.{i}.");
            m.Add(hf + "ln_1", gguf + "attn_norm");
            m.Add(hf + "attn.c_attn", gguf + "attn_qkv", Conv);
            m.Add(hf + "attn.c_proj", gguf + "attn_output", Conv);
            m.Add(hf + "ln_2", gguf + "ffn_norm");
            m.Add(hf + "mlp.c_fc", gguf + "ffn_up", Conv);
            m.Add(hf + "mlp.c_proj", gguf + "ffn_down", Conv);
        }

        // A mask that older saves hold.
        m.Tensors.Add(new HfTensor("transformer.h.0.attn.bias", [1, 1, 2, 2], [1, 0, 1, 1]));
    }

    private static void StarCoder(HfModel m)
    {
        GptConfig(m, "GPTBigCodeForCausalLM");
        m.Config.Remove("num_key_value_heads");
        m.Config["multi_query"] = true;
        Ends(m, "transformer.wte", "transformer.ln_f");
        m.Add("transformer.wpe", "position_embd");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"transformer.h.{i}.", $"blk.{i}.");
            m.Add(hf + "ln_1", gguf + "attn_norm");
            m.Add(hf + "attn.c_attn", gguf + "attn_qkv");
            m.Add(hf + "attn.c_proj", gguf + "attn_output");
            m.Add(hf + "ln_2", gguf + "ffn_norm");
            m.Add(hf + "mlp.c_fc", gguf + "ffn_up");
            m.Add(hf + "mlp.c_proj", gguf + "ffn_down");
        }
    }

    private static void StarCoder2(HfModel m)
    {
        GptConfig(m, "Starcoder2ForCausalLM");
        m.Config["norm_epsilon"] = m.Number("attention.layer_norm_epsilon");
        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            Attention(m, hf + "self_attn.", gguf);
            m.Add(hf + "mlp.c_fc", gguf + "ffn_up");
            m.Add(hf + "mlp.c_proj", gguf + "ffn_down");
        }
    }

    /// <summary>view(heads, 3, head): of each head its query, its key, its value.</summary>
    private static HfTensor ByHead(HfModel m, HfTensor t)
    {
        int width = m.Heads * m.Head;
        var order = new List<long>();
        for (int h = 0; h < m.Heads; h++)
        {
            for (int which = 0; which < 3; which++)
            {
                for (int d = 0; d < m.Head; d++)
                    order.Add((which * width) + (h * m.Head) + d);
            }
        }

        return t.Rows(t.Name, order);
    }

    /// <summary>view(groups, heads a group + 2, head): the group's queries, its key, its value.</summary>
    private static HfTensor ByGroup(HfModel m, HfTensor q, HfTensor k, HfTensor v, string name)
    {
        int queries = m.Heads / m.KvHeads * m.Head;
        return HfTensor.Joined(name, [.. Enumerable.Range(0, m.KvHeads).SelectMany(g => new[]
        {
            q.Part("q", g * queries, queries), k.Part("k", g * m.Head, m.Head), v.Part("v", g * m.Head, m.Head),
        })]);
    }

    private static void GptNeoX(HfModel m)
    {
        Config(m, "GPTNeoXForCausalLM");
        m.Config.Remove("num_key_value_heads");
        m.Config.Remove("head_dim");
        m.Config.Remove("partial_rotary_factor");
        m.Config["rotary_pct"] = m.Int("rope.dimension_count") / (double)m.Head;
        m.Config["rotary_emb_base"] = m.Number("rope.freq_base");
        m.Config["use_parallel_residual"] = m.TryFlag("use_parallel_residual");
        Ends(m, "gpt_neox.embed_in", "gpt_neox.final_layer_norm", "embed_out");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"gpt_neox.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Add(hf + "attention.query_key_value", gguf + "attn_qkv", t => ByHead(m, t));
            m.Add(hf + "attention.dense", gguf + "attn_output");
            m.Add(hf + "mlp.dense_h_to_4h", gguf + "ffn_up");
            m.Add(hf + "mlp.dense_4h_to_h", gguf + "ffn_down");
        }
    }

    private static void Bloom(HfModel m)
    {
        GptConfig(m, "BloomForCausalLM");
        m.Config.Remove("num_key_value_heads");
        m.Config["seq_length"] = m.Int("context_length");
        Ends(m, "transformer.word_embeddings", "transformer.ln_f");
        m.Add("transformer.word_embeddings_layernorm", "token_embd_norm");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"transformer.h.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Add(hf + "self_attention.query_key_value", gguf + "attn_qkv", t => ByHead(m, t));
            m.Add(hf + "self_attention.dense", gguf + "attn_output");
            m.Add(hf + "mlp.dense_h_to_4h", gguf + "ffn_up");
            m.Add(hf + "mlp.dense_4h_to_h", gguf + "ffn_down");
        }
    }

    private static void Falcon(HfModel m)
    {
        GptConfig(m, "FalconForCausalLM");
        m.Config.Remove("num_key_value_heads");
        m.Config["num_kv_heads"] = m.KvHeads;
        m.Config["new_decoder_architecture"] = true;
        m.Config["multi_query"] = true;
        m.Config["ffn_hidden_size"] = m.Int("feed_forward_length");
        Ends(m, "transformer.word_embeddings", "transformer.ln_f");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"transformer.h.{i}.", $"blk.{i}.");

            // attention is fed by ln_attn, the feed-forward by ln_mlp; GGUF's second norm is attention's.
            m.Add(hf + "ln_mlp", gguf + "attn_norm");
            m.Add(hf + "ln_attn", gguf + "attn_norm_2");
            m.Add(hf + "self_attention.query_key_value", gguf + "attn_qkv", t => ByGroup(
                m, t.Part("q", 0, m.Heads * m.Head), t.Part("k", m.Heads * m.Head, m.KvHeads * m.Head), t.Part("v", (m.Heads + m.KvHeads) * m.Head, m.KvHeads * m.Head), t.Name));
            m.Add(hf + "self_attention.dense", gguf + "attn_output");
            m.Add(hf + "mlp.dense_h_to_4h", gguf + "ffn_up");
            m.Add(hf + "mlp.dense_4h_to_h", gguf + "ffn_down");
        }
    }

    private static void Mpt(HfModel m)
    {
        m.Config["architectures"] = new JsonArray("MPTForCausalLM");
        m.Config["d_model"] = m.Int("embedding_length");
        m.Config["n_heads"] = m.Heads;
        m.Config["n_layers"] = m.Layers;
        m.Config["vocab_size"] = m.Int("vocab_size");
        m.Config["max_seq_len"] = m.Int("context_length");
        m.Config["ffn_hidden_size"] = m.Int("feed_forward_length");
        m.Config["attn_config"] = new JsonObject { ["alibi"] = true, ["alibi_bias_max"] = m.Number("attention.max_alibi_bias"), ["clip_qkv"] = m.TryNumber("attention.clamp_kqv") };
        Ends(m, "transformer.wte", "transformer.norm_f");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"transformer.blocks.{i}.", $"blk.{i}.");
            m.Add(hf + "norm_1", gguf + "attn_norm");
            m.Add(hf + "norm_2", gguf + "ffn_norm");
            m.Add(hf + "attn.Wqkv", gguf + "attn_qkv");
            m.Add(hf + "attn.out_proj", gguf + "attn_output");
            m.Add(hf + "ffn.up_proj", gguf + "ffn_up");
            m.Add(hf + "ffn.down_proj", gguf + "ffn_down");
        }
    }

    private static void StableLm(HfModel m)
    {
        LikeLlama("StableLmForCausalLM")(m);
        bool parallel = !m.Has("blk.0.ffn_norm.weight");
        m.Config["use_parallel_residual"] = parallel;
        for (int i = 0; i < m.Layers; i++)
        {
            foreach ((string which, int heads) in new[] { ("q", m.Heads), ("k", m.KvHeads) })
            {
                if (m.Tensors.Find(t => t.Name == $"model.layers.{i}.self_attn.{which}_norm.weight") is not { } all)
                    continue;
                m.Tensors.Remove(all);
                for (int h = 0; h < heads; h++)
                    m.Tensors.Add(all.Matrix($"model.layers.{i}.self_attn.{which}_layernorm.norms.{h}.weight", h));
            }
        }
    }

    private static void Nemotron(HfModel m)
    {
        static HfTensor Less(HfTensor t) => t.Name.EndsWith(".weight", StringComparison.Ordinal) ? t with { Values = [.. t.Values.Select(v => v - 1)] } : t;
        Config(m, "NemotronForCausalLM");
        m.Config["norm_eps"] = m.Number("attention.layer_norm_epsilon");
        Ends(m, change: Less);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm", Less);
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm", Less);
            Attention(m, hf + "self_attn.", gguf);
            m.Add(hf + "mlp.up_proj", gguf + "ffn_up");
            m.Add(hf + "mlp.down_proj", gguf + "ffn_down");
        }
    }

    private static void Behind(HfModel m, string className)
    {
        Config(m, className);
        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "post_attention_layernorm", gguf + "post_attention_norm");
            m.Add(hf + "post_feedforward_layernorm", gguf + "post_ffw_norm");
            Attention(m, hf + "self_attn.", gguf);
            FeedForward(m, hf + "mlp.", gguf);
        }
    }

    private static void Olmo2(HfModel m) => Behind(m, "Olmo2ForCausalLM");

    private static void Exaone4(HfModel m) => Behind(m, "Exaone4ForCausalLM");

    private static void Glm4(HfModel m)
    {
        Config(m, "Glm4ForCausalLM");
        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_self_attn_layernorm", gguf + "post_attention_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Add(hf + "post_mlp_layernorm", gguf + "post_ffw_norm");
            Attention(m, hf + "self_attn.", gguf);
            m.Add(hf + "mlp.gate_up_proj", gguf + "ffn_up");
            m.Add(hf + "mlp.down_proj", gguf + "ffn_down");
        }
    }

    private static void InternLm2(HfModel m)
    {
        Config(m, "InternLM2ForCausalLM");
        Ends(m, "model.tok_embeddings", "model.norm", "output");
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "attention_norm", gguf + "attn_norm");
            m.Add(hf + "ffn_norm", gguf + "ffn_norm");
            m.Tensors.Add(ByGroup(
                m, m.Read(gguf + "attn_q.weight").HalvesApart("q", m.Head), m.Read(gguf + "attn_k.weight").HalvesApart("k", m.Head), m.Read(gguf + "attn_v.weight"),
                hf + "attention.wqkv.weight"));
            m.Add(hf + "attention.wo", gguf + "attn_output");
            m.Add(hf + "feed_forward.w1", gguf + "ffn_gate");
            m.Add(hf + "feed_forward.w3", gguf + "ffn_up");
            m.Add(hf + "feed_forward.w2", gguf + "ffn_down");
        }
    }

    private static void Baichuan(HfModel m)
    {
        Config(m, "BaichuanForCausalLM");
        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Tensors.Add(HfTensor.Joined(
                hf + "self_attn.W_pack.weight",
                m.Read(gguf + "attn_q.weight").HalvesApart("q", m.Head), m.Read(gguf + "attn_k.weight").HalvesApart("k", m.Head), m.Read(gguf + "attn_v.weight")));
            m.Add(hf + "self_attn.o_proj", gguf + "attn_output");
            FeedForward(m, hf + "mlp.", gguf);
        }
    }

    private static void GraniteMoe(HfModel m)
    {
        Config(m, "GraniteMoeForCausalLM");
        m.Config["num_local_experts"] = m.Int("expert_count");
        if (m.TryInt("expert_feed_forward_length") is { } length)
            m.Config["intermediate_size"] = length;
        if (m.Has("blk.0.ffn_up_shexp.weight"))
            m.Config["shared_intermediate_size"] = m.Read("blk.0.ffn_up_shexp.weight").Shape[0];
        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            Attention(m, hf + "self_attn.", gguf, halvesApart: true);
            m.Add(hf + "block_sparse_moe.router.layer", gguf + "ffn_gate_inp");
            HfTensor gates = m.Read(gguf + "ffn_gate_exps.weight"), ups = m.Read(gguf + "ffn_up_exps.weight");
            m.Tensors.Add(HfTensor.Stacked(
                hf + "block_sparse_moe.input_linear.weight",
                [.. Enumerable.Range(0, (int)gates.Shape[0]).Select(x => HfTensor.Joined("x", gates.Matrix("g", x), ups.Matrix("u", x)))]));
            m.Add(hf + "block_sparse_moe.output_linear", gguf + "ffn_down_exps");
            if (!m.Has(gguf + "ffn_up_shexp.weight"))
                continue;
            m.Tensors.Add(HfTensor.Joined(hf + "shared_mlp.input_linear.weight", m.Read(gguf + "ffn_gate_shexp.weight"), m.Read(gguf + "ffn_up_shexp.weight")));
            m.Add(hf + "shared_mlp.output_linear", gguf + "ffn_down_shexp");
        }
    }

    private static void DeepSeek2(HfModel m)
    {
        int latent = m.Int("attention.kv_lora_rank"), rotated = m.Int("rope.dimension_count"), plain = m.Int("attention.key_length_mla") - rotated;
        Config(m, "DeepseekV2ForCausalLM");
        m.Config.Remove("num_key_value_heads");
        m.Config.Remove("head_dim");
        m.Config.Remove("partial_rotary_factor");
        m.Config["kv_lora_rank"] = latent;
        m.Config["q_lora_rank"] = m.TryInt("attention.q_lora_rank");
        m.Config["qk_rope_head_dim"] = rotated;
        m.Config["qk_nope_head_dim"] = plain;
        m.Config["v_head_dim"] = m.Int("attention.value_length_mla");
        m.Config["n_routed_experts"] = m.Int("expert_count");
        m.Config["n_shared_experts"] = m.TryInt("expert_shared_count");
        m.Config["first_k_dense_replace"] = m.Int("leading_dense_block_count");
        m.Config["routed_scaling_factor"] = m.TryNumber("expert_weights_scale");
        m.Config["norm_topk_prob"] = m.TryFlag("expert_weights_norm");
        if (m.TryInt("expert_gating_func") is { } gate)
            m.Config["scoring_func"] = gate == 2 ? "sigmoid" : "softmax";
        if (m.TryInt("expert_group_count") is { } groups)
        {
            m.Config["n_group"] = groups;
            m.Config["topk_group"] = m.Int("expert_group_used_count");
        }

        Ends(m);
        for (int i = 0; i < m.Layers; i++)
        {
            (string hf, string gguf) = ($"model.layers.{i}.", $"blk.{i}.");
            m.Add(hf + "input_layernorm", gguf + "attn_norm");
            m.Add(hf + "post_attention_layernorm", gguf + "ffn_norm");
            m.Add(hf + "self_attn.q_proj", gguf + "attn_q");
            m.Add(hf + "self_attn.q_a_proj", gguf + "attn_q_a");
            m.Add(hf + "self_attn.q_a_layernorm", gguf + "attn_q_a_norm");
            m.Add(hf + "self_attn.q_b_proj", gguf + "attn_q_b");
            m.Add(hf + "self_attn.kv_a_proj_with_mqa", gguf + "attn_kv_a_mqa");
            m.Add(hf + "self_attn.kv_a_layernorm", gguf + "attn_kv_a_norm");
            HfTensor keys = m.Read(gguf + "attn_k_b.weight"), values = m.Read(gguf + "attn_v_b.weight");
            m.Tensors.Add(HfTensor.Joined(
                hf + "self_attn.kv_b_proj.weight",
                [.. Enumerable.Range(0, m.Heads).SelectMany(h => new[] { keys.Matrix("k", h).Turned("k"), values.Matrix("v", h) })]));
            m.Add(hf + "self_attn.o_proj", gguf + "attn_output");
            if (!m.Has(gguf + "ffn_gate_inp.weight"))
            {
                FeedForward(m, hf + "mlp.", gguf);
                continue;
            }

            Experts(m, hf + "mlp.gate", hf + "mlp.experts.", gguf, ("gate_proj", "up_proj", "down_proj"));
            if (m.Has(gguf + "exp_probs_b.bias"))
                m.Tensors.Add(m.Read(gguf + "exp_probs_b.bias").Named(hf + "mlp.gate.e_score_correction_bias"));
            foreach (string part in (string[])["gate", "up", "down"])
                m.Add($"{hf}mlp.shared_experts.{part}_proj", $"{gguf}ffn_{part}_shexp");
        }
    }
}
