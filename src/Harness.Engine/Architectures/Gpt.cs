using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>
/// GPT-2 and what was built like it: LayerNorm, an ungated feed-forward with GELU, mostly one matrix for query, key and
/// value, mostly biases.
/// </summary>
internal static class Gpt
{
    /// <summary>GPT-2 and StarCoder: learned positions.</summary>
    public static Blueprint ReadLearned(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, null), FeedForward(transformer, layer))) with
        {
            Embedding = Learned(header),
        };
    }

    /// <summary>StarCoder 2: rotary halves.</summary>
    public static Blueprint ReadStarCoder2(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Halves(transformer);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary), FeedForward(transformer, layer)));
    }

    /// <summary>GPT-NeoX and Pythia: side by side, each behind a norm of its own, or in turn.</summary>
    public static Blueprint ReadNeoX(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Halves(transformer);
        bool parallel = header.Flag("use_parallel_residual");
        return transformer.Build(layer => parallel
            ? LayerBlueprint.Parallel(transformer.Attention(layer, rotary), FeedForward(transformer, layer))
            : LayerBlueprint.Sequential(transformer.Attention(layer, rotary), FeedForward(transformer, layer)));
    }

    /// <summary>Bloom: linear biases by distance, a norm of the embedding.</summary>
    public static Blueprint ReadBloom(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, null) with { AlibiMaxBias = 8 }, FeedForward(transformer, layer))) with
        {
            Embedding = new EmbeddingBlueprint { Norm = transformer.LayerNorm("token_embd_norm") },
        };
    }

    /// <summary>Falcon: side by side; the 40B norms for attention and feed-forward apart, the 7B once for both.</summary>
    public static Blueprint ReadFalcon(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Halves(transformer);
        return transformer.Build(layer => LayerBlueprint.Parallel(
            transformer.Attention(layer, rotary) with
            {
                Norm = transformer.LayerNorm(transformer.Has(layer, "attn_norm_2.weight") ? "attn_norm_2" : "attn_norm"),
                OutputBias = false,
            },
            FeedForward(transformer, layer) with { Norm = transformer.LayerNorm("attn_norm"), Bias = false }));
    }

    /// <summary>MPT: linear biases by distance, or learned positions; norms and projections with biases or without.</summary>
    public static Blueprint ReadMpt(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        float alibi = header.Single("attention.max_alibi_bias", 0);
        Blueprint blueprint = transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, null) with
            {
                AlibiMaxBias = alibi,
                QueryNorm = HeadNorm(layer, "attn_q_norm"),
                KeyNorm = HeadNorm(layer, "attn_k_norm"),
            },
            FeedForward(transformer, layer) with
            {
                DivisorTensor = transformer.Has(layer, "ffn.act.scales") ? "ffn.act.scales" : null,
            }));
        return transformer.Without(blueprint, "blk.*.attn_k_norm.") with
        {
            Embedding = header.Has("position_embd.weight") ? Learned(header) : new EmbeddingBlueprint(),
        };

        // Keys are normed with queries or not at all.
        HeadNormBlueprint? HeadNorm(int layer, string tensor) =>
            transformer.Has(layer, "attn_q_norm.weight") ? new(transformer.LayerNorm(tensor), WholeVector: true) : null;
    }

    /// <summary>Nemotron 3 and 4, Minitron: squared ReLU, part of each head rotated.</summary>
    public static Blueprint ReadNemotron(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Halves(transformer);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary), FeedForward(transformer, layer) with { Activation = Activation.ReluSquared }));
    }

    /// <summary>
    /// StableLM: a gated feed-forward, part of each head rotated. Without a norm of its own the feed-forward stands beside
    /// attention; each head's query and key may be normed with weights of its own.
    /// </summary>
    public static Blueprint ReadStableLm(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = Halves(transformer);
        return transformer.Build(layer =>
        {
            AttentionBlueprint attention = transformer.Attention(layer, rotary) with
            {
                QueryNorm = transformer.Has(layer, "attn_q_norm.weight") ? new(transformer.LayerNorm("attn_q_norm")) : null,
                KeyNorm = transformer.Has(layer, "attn_k_norm.weight") ? new(transformer.LayerNorm("attn_k_norm")) : null,
                OutputBias = false,
            };
            FeedForwardBlueprint feedForward = transformer.FeedForward(layer) with { Bias = false };
            return transformer.Has(layer, "ffn_norm.weight")
                ? LayerBlueprint.Sequential(attention, feedForward)
                : LayerBlueprint.Parallel(attention, feedForward with { Norm = attention.Norm });
        });
    }

    private static RotaryBlueprint Halves(TransformerHeader transformer) => transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };

    private static FeedForwardBlueprint FeedForward(TransformerHeader transformer, int layer) =>
        transformer.FeedForward(layer) with { Activation = Activation.Gelu, Gate = FeedForwardGate.None };

    private static EmbeddingBlueprint Learned(ModelHeader header) => new() { LearnedPositions = header.Count("context_length") };
}
