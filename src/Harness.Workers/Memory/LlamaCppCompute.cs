namespace Harness.Workers.Memory;

/// <summary>
/// The compute buffer that llama.cpp lays out for its largest graph: a whole batch at the end of a full context, with logits
/// of every token. Whichever part of the graph needs most decides. The counts are those that the logged sizes of v0.5.0 show
/// over thirteen architectures and five contexts.
/// </summary>
internal static class LlamaCppCompute
{
    /// <summary>Bytes of the buffer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cells">The cache.</param>
    /// <param name="flash">With flash attention, which keeps no scores.</param>
    public static double Bytes(ModelDimensions model, LlamaCppCells cells, bool flash)
    {
        double row = model.Embedding, mask = Mask(model, cells);
        double attention = mask + model.Layers.Where(l => l is not null).Select(l => Attention(row, l!, cells, flash)).DefaultIfEmpty().Max();
        double feedForward = mask + (5 * row) + model.FeedForward;
        double recurrent = model.Recurrent > 0 ? (5 * row) + (2.0 * model.Recurrent) : 0;
        double head = (3 * row) + model.Vocabulary;
        double widest = Math.Max(Math.Max(attention, feedForward), Math.Max(recurrent, head));
        return sizeof(float) * cells.Tokens * widest;
    }

    /// <summary>What stays on the CPU when all layers are on a GPU: the inputs.</summary>
    public static double HostBytes(ModelDimensions model, LlamaCppCells cells) =>
        sizeof(float) * cells.Tokens * ((2.0 * model.Embedding) + Mask(model, cells));

    // A mask a token, and another one where some layers have a window.
    private static double Mask(ModelDimensions model, LlamaCppCells cells) =>
        cells.Count * (model.Layers.Any(l => l is { Window: > 0 }) ? 2.0 : model.Layers.Any(l => l is not null) ? 1 : 0);

    // Values for each token: scores of every head, queries before and after rotation, new keys and values, rows of the stream.
    private static double Attention(double row, LayerAttention layer, LlamaCppCells cells, bool flash) =>
        (flash ? 0 : (double)layer.Heads * cells.Count) + (3 * row) + (2 * layer.QueryWidth) + layer.KeptValues;
}
