using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of latent attention.</summary>
internal sealed unsafe class LatentAttentionWeights : BlockWeights
{
    public required LatentAttentionBlueprint Blueprint { get; init; }

    /// <summary>To the short vector of queries; null where there is none.</summary>
    public required Projection? QueryDown { get; init; }

    public required Norm? QueryNorm { get; init; }

    /// <summary>To the queries of all heads, from the short vector or from the input.</summary>
    public required Projection Query { get; init; }

    /// <summary>To the latent vector and, after it, the key that is rotated.</summary>
    public required Projection LatentDown { get; init; }

    public required Norm LatentNorm { get; init; }

    /// <summary>To each head's key and value; null when they are absorbed.</summary>
    public required Projection? KeyValue { get; init; }

    /// <summary>From a head's query to the latent vector; null when keys are made.</summary>
    public required Projection[]? Key { get; init; }

    /// <summary>From a head's sum of latent vectors to its value; null when values are made.</summary>
    public required Projection[]? Value { get; init; }

    /// <summary>The norm of the rotated key, or null.</summary>
    public required Norm? KeyNorm { get; init; }

    public required Projection? Gate { get; init; }

    /// <summary>One score a head, or null.</summary>
    public required float* Sinks { get; init; }

    /// <summary>Null where there is none, or where an earlier layer's choice is used.</summary>
    public required IndexerWeights? Indexer { get; init; }

    public required Projection Output { get; init; }

    public static LatentAttentionWeights Bind(LatentAttentionBlueprint latent, LayerBinder binder)
    {
        int embedding = binder.Embedding;
        int heads = latent.HeadCount;
        bool ranked = latent.QueryRank > 0;
        Norm Norm(string tensor, int length) => binder.Norm(new NormBlueprint(NormKind.Rms, latent.NormEpsilon, tensor), length);
        return new LatentAttentionWeights
        {
            Blueprint = latent,
            QueryDown = ranked ? binder.Project("attn_q_a", latent.QueryRank, embedding, bias: false) : null,
            QueryNorm = ranked ? Norm("attn_q_a_norm", latent.QueryRank) : null,
            Query = binder.Project(
                ranked ? "attn_q_b" : "attn_q", heads * latent.KeyLength, ranked ? latent.QueryRank : embedding, bias: false),
            LatentDown = binder.Project("attn_kv_a_mqa", latent.LatentRank + latent.RotatedLength, embedding, bias: false),
            LatentNorm = Norm("attn_kv_a_norm", latent.LatentRank),
            KeyValue = latent.Absorbed
                ? null
                : binder.Project("attn_kv_b", heads * (latent.PlainLength + latent.ValueLength), latent.LatentRank, bias: false),
            Key = latent.Absorbed ? Each(binder, "attn_k_b", heads, latent.LatentRank, latent.PlainLength) : null,
            Value = latent.Absorbed ? Each(binder, "attn_v_b", heads, latent.ValueLength, latent.LatentRank) : null,
            KeyNorm = latent.KeyNorm ? Norm("attn_k_norm", latent.RotatedLength) : null,
            Gate = latent.Gate is { } gate
                ? binder.Project("attn_gate", gate.PerHead ? heads : heads * latent.ValueLength, embedding, bias: false)
                : null,
            Sinks = latent.Sinks ? binder.Values("attn_sinks.weight", heads) : null,
            Indexer = latent.Indexer is { Shared: false } indexer ? IndexerWeights.Bind(indexer, latent.QueryRank, binder) : null,
            Output = binder.Project("attn_output", embedding, heads * latent.ValueLength, bias: false),
        };
    }

    public override Block Create(BlockContext context) => new LatentAttentionBlock(this, context);

    private static Projection[] Each(LayerBinder binder, string name, int heads, int rows, int columns) =>
        [.. binder.Matrices(name + ".weight", heads, rows, columns).Select(m => binder.Model.Map(m))];
}
