using Harness.Formats.Forging;
using Harness.Formats.Gguf;
using Harness.Matrix;
using Harness.Workers.Memory;

namespace Harness.Runner.Inspection;

/// <summary>The shape of a model of the catalogue, as files in that shape are forged.</summary>
public static class CatalogueShape
{
    // A header that is made of a shape and counts so much otherwise is not that of the model.
    private const double CountTolerance = 0.03;

    /// <summary>The shape to forge.</summary>
    /// <param name="model">A model of the catalogue.</param>
    /// <returns>The shape; null where the catalogue gives none.</returns>
    public static ForgeShape? Of(ModelEntry model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Shape is not { } shape) return null;
        return new ForgeShape
        {
            Name = model.Name,
            Architecture = model.Architecture,
            Layers = shape.Layers,
            Embedding = shape.EmbeddingLength,
            Heads = shape.Heads,
            KvHeads = shape.Latent is null ? shape.KvHeads : 1,
            HeadDimension = shape.HeadDim,
            FeedForward = shape.FeedForwardLength,
            Vocabulary = shape.VocabularySize,
            Context = shape.ContextLength,
            RopeBase = (float)shape.RopeBase,
            RopeLinearFactor = shape.RopeLinearScale is 1 ? null : (float)shape.RopeLinearScale,
            NormEpsilon = (float)shape.NormEpsilon,
            TiedOutput = shape.Tied,
            Window = shape.SlidingWindow > 0 ? shape.SlidingWindow : null,
            Experts = shape.Experts is { } e
                ? new ForgeExperts { Count = e.Count, Used = e.Used, Length = e.FeedForwardLength, SharedLength = e.SharedFeedForwardLength }
                : null,
            Latent = shape.Latent is { } latent
                ? new ForgeLatent(latent.QueryRank, latent.KvRank, shape.HeadDim - latent.RopeDim, latent.RopeDim, latent.ValueDim)
                : null,
            Tokenizer = ForgedTokenizers.For(model.Architecture, shape.VocabularySize),
        };
    }

    /// <summary>
    /// The header that a model would have, by its shape alone. Where the architecture cannot be laid out in any shape, one
    /// stands in that has the same lengths: for sizes it is as good.
    /// </summary>
    /// <param name="model">A model of the catalogue.</param>
    /// <param name="quant">The quantization.</param>
    /// <returns>The header; null where the catalogue gives no shape.</returns>
    public static GgufHeader? HeaderOf(ModelEntry model, string quant)
    {
        if (Of(model) is not { } shape) return null;
        string other = shape.Latent is not null ? "deepseek2" : shape.Experts is not null ? "qwen3moe" : "llama";
        GgufHeader? any = null;
        foreach (ForgeShape tried in (ForgeShape[])[shape, shape with { Architecture = other, Window = null }])
        {
            if (Layout(tried, quant) is not { } header) continue;
            any = header;
            double count = header.Tensors.Sum(t => t.ElementCount), published = model.Shape!.ParameterCount;
            if (Math.Abs(count - published) <= CountTolerance * published && ModelMemory.Of([header]).Unsupported is null) return header;
        }

        return any;
    }

    private static GgufHeader? Layout(ForgeShape shape, string quant)
    {
        try
        {
            return ShapeForge.HeaderOf(shape, quant);
        }
        catch (Exception e) when (e is ForgeException or ArgumentException or InvalidOperationException or IndexOutOfRangeException)
        {
            // A recipe whose layers are laid out one by one has none for so many.
            return null;
        }
    }
}
