using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>Latent attention (MLA, DeepSeek-V2, arXiv:2405.04434): keys and values are made from one small vector.</summary>
/// <param name="KvRank">Width of the latent that keys and values are made from.</param>
/// <param name="QueryRank">Width of the latent that queries are made from; 0 where they are made directly.</param>
/// <param name="RopeDim">Elements of a head that are rotated, shared by all heads' keys.</param>
/// <param name="ValueDim">Elements of a head's values.</param>
public sealed record LatentShape(int KvRank, int QueryRank, int RopeDim, int ValueDim)
{
    internal static LatentShape Read(FieldReader reader, int headDim)
    {
        LatentShape latent = new(
            reader.RequiredInteger("kv-rank", 1, 1 << 20, "512"),
            reader.Integer("query-rank", 1, 1 << 20, 0),
            reader.RequiredInteger("rope-dim", 1, headDim, "64"),
            reader.RequiredInteger("value-dim", 1, 65536, "128"));
        reader.Finish();
        return latent;
    }
}
