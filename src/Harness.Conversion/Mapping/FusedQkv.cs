using Harness.Conversion.Source;
using Harness.Conversion.Values;

namespace Harness.Conversion.Mapping;

/// <summary>Query, key and value in one matrix, in the orders that families store them in.</summary>
internal static class FusedQkv
{
    /// <summary>All queries, all keys, all values, made three tensors.</summary>
    public static IEnumerable<MappedTensor> InTurn(LayerMapping layer, string name, Rotation rotation)
    {
        SourceModel model = layer.Model;
        long queries = model.QueryWidth.Value, keys = model.KeyWidth.Value;
        TensorValues all = layer.Take($"{name}.weight", "attn_q, attn_k and attn_v", model.QueryWidth + (2 * model.KeyWidth), model.Embedding);
        return
        [
            layer.As("attn_q.weight", all.Slices(0, queries).Reordered(model.HeadDimension, rotation)),
            layer.As("attn_k.weight", all.Slices(queries, keys).Reordered(model.HeadDimension, rotation)),
            layer.As("attn_v.weight", all.Slices(queries + keys, keys)),
        ];
    }

    /// <summary>A group for each head of keys: its query heads, its key, its value; made three tensors.</summary>
    public static IEnumerable<MappedTensor> Grouped(LayerMapping layer, string name, Rotation rotation)
    {
        SourceModel model = layer.Model;
        TensorValues all = layer.Take($"{name}.weight", "attn_q, attn_k and attn_v", model.QueryWidth + (2 * model.KeyWidth), model.Embedding);
        return
        [
            layer.As("attn_q.weight", Queries(model, all).Reordered(model.HeadDimension, rotation)),
            layer.As("attn_k.weight", Last(model, all, 2).Reordered(model.HeadDimension, rotation)),
            layer.As("attn_v.weight", Last(model, all, 1)),
        ];
    }

    /// <summary>A group for each head of keys, as <see cref="Grouped"/>; left one tensor, but all queries first, then all keys, then all values.</summary>
    public static IEnumerable<MappedTensor> Regrouped(LayerMapping layer, string name)
    {
        SourceModel model = layer.Model;
        return layer.Linear(
            name, "attn_qkv", model.QueryWidth + (2 * model.KeyWidth), model.Embedding,
            rows: all => TensorValues.Joined([Queries(model, all), Last(model, all, 2), Last(model, all, 1)], all.Shape));
    }

    private static TensorValues Queries(SourceModel model, TensorValues all)
    {
        long head = model.HeadDimension.Value, queries = model.Heads.Value / model.KvHeads.Value * head, group = queries + (2 * head);
        return all.Select(model.QueryWidth.Value, row => (row / queries * group) + (row % queries));
    }

    /// <summary>The keys, which are last but one in their group, or the values, which are last.</summary>
    private static TensorValues Last(SourceModel model, TensorValues all, long fromEnd)
    {
        long head = model.HeadDimension.Value, group = (model.Heads.Value / model.KvHeads.Value * head) + (2 * head);
        return all.Select(model.KeyWidth.Value, row => (((row / head) + 1) * group) - (fromEnd * head) + (row % head));
    }
}
