using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of attention.</summary>
internal sealed unsafe class AttentionWeights : BlockWeights
{
    public required AttentionBlueprint Blueprint { get; init; }

    /// <summary>Query, key and value in one; null when they are apart.</summary>
    public required Projection? FusedQkv { get; init; }

    public required Projection? Query { get; init; }

    /// <summary>Null too where another layer's keys and values are read.</summary>
    public required Projection? Key { get; init; }

    /// <summary>Null too where values are the keys before norm and rotation.</summary>
    public required Projection? Value { get; init; }

    public required Projection? Gate { get; init; }

    public required HeadNorm? QueryNorm { get; init; }

    public required HeadNorm? KeyNorm { get; init; }

    public required HeadNorm? ValueNorm { get; init; }

    public required Norm? SubNorm { get; init; }

    /// <summary>One score a head, or null.</summary>
    public required float* Sinks { get; init; }

    public required Projection Output { get; init; }

    public static AttentionWeights Bind(AttentionBlueprint attention, LayerBinder binder)
    {
        int embedding = binder.Embedding;
        Projection? Qkv(bool wanted, string name, int rows) => wanted ? binder.Project(name, rows, embedding, attention.QkvBias) : null;

        bool fused = attention.FusedQkv;
        bool own = !fused && attention.CacheOfLayer is null;
        int queryRows = attention.QueryWidth * (attention.Gate is { InQuery: true } ? 2 : 1);
        return new AttentionWeights
        {
            Blueprint = attention,
            FusedQkv = Qkv(fused, "attn_qkv", attention.QueryWidth + attention.KeyWidth + attention.ValueWidth),
            Query = Qkv(!fused, "attn_q", queryRows),
            Key = Qkv(own, "attn_k", attention.KeyWidth),
            Value = Qkv(own && !attention.ValueIsKey, "attn_v", attention.ValueWidth),
            Gate = attention.Gate is { InQuery: false } gate
                ? binder.Project("attn_gate", gate.PerHead ? attention.HeadCount : attention.OutputWidth, embedding, bias: true, tensorScale: gate.TensorScale)
                : null,
            QueryNorm = binder.HeadNorm(attention.QueryNorm, attention.HeadCount, attention.KeyLength),
            KeyNorm = attention.CacheOfLayer is null
                ? binder.HeadNorm(attention.KeyNorm, attention.KeyValueHeadCount, attention.KeyLength)
                : null,
            ValueNorm = attention.CacheOfLayer is null
                ? binder.HeadNorm(attention.ValueNorm, attention.KeyValueHeadCount, attention.ValueLength)
                : null,
            SubNorm = attention.SubNorm is { } norm ? binder.Norm(norm, attention.OutputWidth) : null,
            Sinks = attention.Sinks ? binder.Values("attn_sinks.weight", attention.HeadCount) : null,
            Output = binder.Project(attention.OutputTensor, embedding, attention.OutputWidth, attention.OutputBias),
        };
    }

    public override Block Create(BlockContext context) => new AttentionBlock(this, context);
}
