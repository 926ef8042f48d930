namespace Harness.Formats.Forging.Recipes;

/// <summary>Mixtures of experts of the Qwen family and of those made like them.</summary>
internal static class QwenExpertRecipes
{
    /// <summary><c>qwen2moe</c>: biases on query, key and value; a shared expert behind a gate of its own.</summary>
    public static ForgeArchitecture Qwen2Moe()
    {
        ForgeShape shape = Shape("qwen2moe", sharedLength: 512);
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(bias: true), .. layer.Norm("ffn_norm"), .. layer.Experts(),
                new($"blk.{layer.Index}.ffn_gate_inp_shexp.weight", [s.Embedding], ForgeValues.Absolute, 1),
            ]),
            shape.ExpertKeys(new() { { "expert_shared_feed_forward_length", 512 } }));
    }

    /// <summary><c>qwen3moe</c>: each head's query and key normed; heads wider than the embedding.</summary>
    public static ForgeArchitecture Qwen3Moe() => WithHeadNorms(Wide("qwen3moe"));

    /// <summary><c>qwen3vlmoe</c>: its text model, whose rotation has sections.</summary>
    public static ForgeArchitecture Qwen3VlMoe() =>
        WithHeadNorms(Wide("qwen3vlmoe"), new() { { "rope.dimension_sections", [12, 10, 10, 0] }, { "n_deepstack_layers", 0 } });

    /// <summary><c>rnd1</c>: a diffusion model: every position sees the whole evaluation.</summary>
    public static ForgeArchitecture Rnd1() => WithHeadNorms(Wide("rnd1"));

    /// <summary><c>llada-moe</c>: a diffusion model whose weights of experts are not normalised.</summary>
    public static ForgeArchitecture LladaMoe() => WithHeadNorms(Shape("llada-moe"));

    /// <summary><c>olmoe</c>: all heads' queries normed as one vector, and keys; an expert is as wide as the feed-forward.</summary>
    public static ForgeArchitecture Olmoe()
    {
        ForgeShape shape = WideExperts("olmoe") with { KvHeads = 8 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            [
                .. layer.Norm("attn_norm"), .. layer.Attention(), layer.Scale("attn_q_norm", layer.QueryWidth),
                layer.Scale("attn_k_norm", layer.KeyWidth), .. layer.Norm("ffn_norm"), .. layer.Experts(),
            ]),
            shape.ExpertKeys());
    }

    /// <summary><c>grovemoe</c>: what the experts yield goes through smaller ones, which pairs of experts share.</summary>
    public static ForgeArchitecture GroveMoe()
    {
        const int ExpertsOfChunk = 2;
        const int ChunkLength = 512;
        ForgeShape shape = Shape("grovemoe") with { Layers = 2, KvHeads = 1 };
        return new(
            shape,
            s => DecoderTensors.Model(s, layer =>
            {
                int chunks = s.Experts!.Count / ExpertsOfChunk;
                return
                [
                    .. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(), .. layer.Norm("ffn_norm"), .. layer.Experts(),
                    layer.ExpertWeight("ffn_gate_chexps", s.Embedding, ChunkLength, chunks),
                    layer.ExpertWeight("ffn_up_chexps", s.Embedding, ChunkLength, chunks),
                    layer.ExpertWeight("ffn_down_chexps", ChunkLength, s.Embedding, chunks, 12),
                ];
            }),
            shape.ExpertKeys(new()
            {
                { "experts_per_group", ExpertsOfChunk }, { "expert_group_scale", 0.5f }, { "expert_chunk_feed_forward_length", ChunkLength },
            }));
    }

    /// <summary>Six experts of 256, of which a token goes to two.</summary>
    internal static ForgeShape Shape(string architecture, int count = 6, int used = 2, int sharedLength = 0) => ProbeShape.Of(architecture) with
    {
        Experts = new() { Count = count, Used = used, Length = 256, SharedLength = sharedLength },
    };

    /// <summary>Where an expert has the width that the feed-forward has: two layers, five experts of 512, one key/value head.</summary>
    internal static ForgeShape WideExperts(string architecture) => ProbeShape.Of(architecture) with
    {
        Layers = 2,
        KvHeads = 1,
        Experts = new() { Count = 5, Used = 2, Length = 512 },
    };

    private static ForgeShape Wide(string architecture) => Shape(architecture) with { HeadDimension = 64 };

    private static ForgeArchitecture WithHeadNorms(ForgeShape shape, ForgeKeys? keys = null) => new(
        shape,
        s => DecoderTensors.Model(s, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.HeadNorms(), .. layer.Norm("ffn_norm"), .. layer.Experts()]),
        shape.ExpertKeys(keys));
}
