using Harness.Matrix.Yaml;

namespace Harness.Matrix;

/// <summary>The experts of a model's sparse layers.</summary>
/// <param name="Count">Routed experts a layer.</param>
/// <param name="Used">Of these, how many a token goes to.</param>
/// <param name="FeedForwardLength">Width of one.</param>
/// <param name="SharedFeedForwardLength">Width of all shared experts together, which every token goes to; 0 for none.</param>
/// <param name="DenseLayers">Layers that have a plain feed-forward instead.</param>
public sealed record ExpertShape(int Count, int Used, int FeedForwardLength, int SharedFeedForwardLength, int DenseLayers)
{
    internal static ExpertShape Read(FieldReader reader, int layers)
    {
        int count = reader.RequiredInteger("count", 1, 65536, "128");
        ExpertShape experts = new(
            count,
            reader.RequiredInteger("used", 1, count, "8"),
            reader.RequiredInteger("feed-forward-length", 1, 1 << 24, "768"),
            reader.Integer("shared-feed-forward-length", 1, 1 << 24, 0),
            reader.Integer("dense-layers", 0, layers, 0));
        reader.Finish();
        return experts;
    }
}
