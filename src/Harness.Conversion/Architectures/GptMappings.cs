using Harness.Conversion.Mapping;
using Harness.Conversion.Source;

namespace Harness.Conversion.Architectures;

/// <summary>GPT-2 and what was built like it.</summary>
internal static class GptMappings
{
    /// <summary>GPT-2: its matrices are stored turned over.</summary>
    public static ModelMapping Gpt2() => new(
        "gpt2",
        ["GPT2LMHeadModel"],
        model =>
        [
            .. model.Decoder(
                layer =>
                [
                    .. layer.Norm("ln_1", "attn_norm"), .. Turned(layer, "attn.c_attn", "attn_qkv", 3 * model.Embedding, model.Embedding),
                    .. Turned(layer, "attn.c_proj", "attn_output", model.Embedding, model.Embedding),
                    .. layer.Norm("ln_2", "ffn_norm"), .. Turned(layer, "mlp.c_fc", "ffn_up", model.FeedForward, model.Embedding),
                    .. Turned(layer, "mlp.c_proj", "ffn_down", model.Embedding, model.FeedForward),
                ],
                PartNames.Gpt,
                tied: true),
            .. Positions(model),
        ]);

    /// <summary>StarCoder: GPT-2 with one head of keys and values, and matrices the usual way round.</summary>
    public static ModelMapping StarCoder() => new(
        "starcoder",
        ["GPTBigCodeForCausalLM"],
        model =>
        [
            .. model.Decoder(
                layer =>
                [
                    .. layer.Norm("ln_1", "attn_norm"), .. layer.Linear("attn.c_attn", "attn_qkv", model.QueryWidth + (2 * model.KeyWidth), model.Embedding),
                    .. layer.Linear("attn.c_proj", "attn_output", model.Embedding, model.QueryWidth),
                    .. layer.Norm("ln_2", "ffn_norm"), .. layer.FeedForward("mlp.c_fc", "mlp.c_proj"),
                ],
                PartNames.Gpt,
                tied: true),
            .. Positions(model),
        ]);

    /// <summary>StarCoder 2: separate projections, biases everywhere.</summary>
    public static ModelMapping StarCoder2() => new(
        "starcoder2",
        ["Starcoder2ForCausalLM"],
        model => model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(), .. layer.FeedForward("mlp.c_fc", "mlp.c_proj")], tied: true));

    /// <summary>GPT-NeoX and Pythia: each head's query, key and value stand together.</summary>
    public static ModelMapping GptNeoX() => new(
        "gptneox",
        ["GPTNeoXForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Norms(), .. FusedQkv.Regrouped(layer, "attention.query_key_value"),
                .. layer.Linear("attention.dense", "attn_output", model.Embedding, model.QueryWidth),
                .. layer.FeedForward("mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
            ],
            new PartNames("gpt_neox.embed_in", "gpt_neox.layers", "gpt_neox.final_layer_norm", "embed_out")),
        model => new()
        {
            { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 0.25) * model.HeadDimension.Value) },
            { "use_parallel_residual", model.Config.TryFlag("use_parallel_residual") ?? true },
        })
    {
        Demands = [Demand.Gelu],
    };

    /// <summary>BLOOM: as GPT-NeoX, with ALiBi and a norm of the embedding.</summary>
    public static ModelMapping Bloom() => new(
        "bloom",
        ["BloomForCausalLM", "BloomModel"],
        model =>
        [
            .. model.Decoder(
                layer =>
                [
                    .. layer.Norms(), .. FusedQkv.Regrouped(layer, "self_attention.query_key_value"),
                    .. layer.Linear("self_attention.dense", "attn_output", model.Embedding, model.QueryWidth),
                    .. layer.FeedForward("mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
                ],
                PartNames.Gpt with { Embedding = "transformer.word_embeddings" },
                tied: true),
            .. model.Norm("transformer.word_embeddings_layernorm", "token_embd_norm", "map token_embd_norm", model.Embedding),
        ],
        model => new() { { "context_length", model.Config.TryLength("seq_length") ?? model.Embedding } });

    /// <summary>Falcon: query heads in groups with their key and value; in its newer form a norm each for attention and feed-forward.</summary>
    public static ModelMapping Falcon() => new(
        "falcon",
        ["FalconForCausalLM", "RWForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Has("ln_mlp.weight")
                    ? [.. layer.Norm("ln_mlp", "attn_norm"), .. layer.Norm("ln_attn", "attn_norm_2")]
                    : layer.Norm("input_layernorm", "attn_norm"),
                .. FusedQkv.Regrouped(layer, "self_attention.query_key_value"),
                .. layer.Linear("self_attention.dense", "attn_output", model.Embedding, model.QueryWidth),
                .. layer.FeedForward("mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
            ],
            PartNames.Gpt with { Embedding = "transformer.word_embeddings" },
            tied: true),
        model => new() { { "context_length", model.Config.TryLength("max_position_embeddings")?.Value ?? 2048 }, { "tensor_data_layout", "jploski" } });

    /// <summary>MPT: ALiBi, no biases.</summary>
    public static ModelMapping Mpt() => new(
        "mpt",
        ["MPTForCausalLM", "MptForCausalLM"],
        model => model.Decoder(
            layer =>
            [
                .. layer.Norm("norm_1", "attn_norm"), .. layer.Linear("attn.Wqkv", "attn_qkv", model.QueryWidth + (2 * model.KeyWidth), model.Embedding),
                .. layer.Linear("attn.out_proj", "attn_output", model.Embedding, model.QueryWidth),
                .. layer.Norm("norm_2", "ffn_norm"), .. layer.FeedForward("ffn.up_proj", "ffn.down_proj"),
            ],
            new PartNames("transformer.wte", "transformer.blocks", "transformer.norm_f", "lm_head"),
            tied: true),
        model =>
        {
            System.Text.Json.JsonElement? attention = model.Config.Find("attn_config");
            double? Number(string name) => attention is { ValueKind: System.Text.Json.JsonValueKind.Object } a && a.TryGetProperty(name, out var value)
                && value.ValueKind == System.Text.Json.JsonValueKind.Number ? value.GetDouble() : null;
            return new()
            {
                { "attention.layer_norm_epsilon", model.Config.TryNumber("layer_norm_epsilon") ?? 1e-5 },
                { "attention.clamp_kqv", Number("clip_qkv") },
                { "attention.max_alibi_bias", Number("alibi_bias_max") ?? 8 },
            };
        });

    /// <summary>StableLM: LayerNorm, a gate, part of each head rotated; norms of each head with weights of its own where it has them.</summary>
    public static ModelMapping StableLm() => new(
        "stablelm",
        ["StableLmForCausalLM", "StableLMEpochForCausalLM", "LlavaStableLMEpochForCausalLM"],
        model => model.Decoder(layer =>
        [
            .. layer.Norm("input_layernorm", "attn_norm"), .. layer.Attention(),
            .. HeadNorms(layer, "q", model.Heads), .. HeadNorms(layer, "k", model.KvHeads),
            .. model.Config.TryFlag("use_parallel_residual") == true ? [] : layer.Norm("post_attention_layernorm", "ffn_norm"),
            .. layer.GatedFeedForward(),
        ]),
        model => new()
        {
            { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 0.25) * model.HeadDimension.Value) },
            { "use_parallel_residual", model.Config.TryFlag("use_parallel_residual") ?? false },
            { "attention.layer_norm_epsilon", model.Config.TryNumber("layer_norm_eps", "norm_eps") },
            { "attention.layer_norm_rms_epsilon", (double?)null },
        });

    /// <summary>Nemotron: what is stored of a norm's weight is what goes beyond one; a squared ReLU without a gate.</summary>
    public static ModelMapping Nemotron() => new(
        "nemotron",
        ["NemotronForCausalLM"],
        model => model.Decoder(layer => [.. layer.Norms(), .. layer.Attention(), .. layer.FeedForward("mlp.up_proj", "mlp.down_proj")], norm: beyond => beyond + 1),
        model => new()
        {
            { "rope.dimension_count", (long)((RopeParameters.Of(model.Config).PartialFactor ?? 0.5) * model.HeadDimension.Value) },
            { "attention.layer_norm_epsilon", model.Config.TryNumber("norm_eps", "layer_norm_eps") },
            { "attention.layer_norm_rms_epsilon", (double?)null },
        });

    private static IEnumerable<MappedTensor> Positions(SourceModel model) =>
        [new("position_embd.weight", model.Take("transformer.wpe.weight", "map position_embd", model.Config.Length("n_positions", "n_ctx", "max_position_embeddings"), model.Embedding))];

    private static IEnumerable<MappedTensor> Turned(LayerMapping layer, string name, string target, Dim outputs, Dim inputs) =>
    [
        layer.As($"{target}.weight", layer.Take($"{name}.weight", target, inputs, outputs).Transposed()),
        layer.As($"{target}.bias", layer.Take($"{name}.bias", target, outputs)),
    ];

    private static IEnumerable<MappedTensor> HeadNorms(LayerMapping layer, string which, Dim heads)
    {
        if (!layer.Has($"self_attn.{which}_layernorm.norms.0.weight"))
            return [];
        var parts = Enumerable.Range(0, (int)heads.Value)
            .Select(h => layer.Take(FormattableString.Invariant($"self_attn.{which}_layernorm.norms.{h}.weight"), $"attn_{which}_norm", layer.Model.HeadDimension)).ToList();
        return [layer.As($"attn_{which}_norm.weight", Values.TensorValues.Joined(parts, [heads.Value, layer.Model.HeadDimension.Value]))];
    }
}
