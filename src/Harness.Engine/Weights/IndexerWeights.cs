using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of an indexer.</summary>
/// <param name="Query">To the queries of all heads, from what attention's queries come from.</param>
/// <param name="Key">To the key.</param>
/// <param name="KeyNorm">The key's norm.</param>
/// <param name="HeadWeights">To a weight for each head.</param>
internal sealed record IndexerWeights(Projection Query, Projection Key, Norm KeyNorm, Projection HeadWeights)
{
    /// <summary>Finds them.</summary>
    /// <param name="indexer">The choices.</param>
    /// <param name="queryRank">Width of the vector that queries come from.</param>
    /// <param name="binder">The layer's tensors.</param>
    public static IndexerWeights Bind(IndexerBlueprint indexer, int queryRank, LayerBinder binder) => new(
        binder.Project("indexer.attn_q_b", indexer.HeadCount * indexer.KeyLength, queryRank, bias: false),
        binder.Project("indexer.attn_k", indexer.KeyLength, binder.Embedding, bias: false),
        binder.Norm(new NormBlueprint(NormKind.Layer, indexer.NormEpsilon, "indexer.k_norm"), indexer.KeyLength),
        binder.Project("indexer.proj", indexer.HeadCount, binder.Embedding, bias: false));
}
