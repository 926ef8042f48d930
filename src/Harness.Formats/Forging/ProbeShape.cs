namespace Harness.Formats.Forging;

/// <summary>
/// The shapes that probes start from: as small as K-quants allow (rows of multiples of 256), with lengths and counts
/// that all differ from one another, since equal ones hide exchanged dimensions. A recipe says where its own differs.
/// </summary>
internal static class ProbeShape
{
    /// <summary>
    /// Three layers of 256; eight query heads of 32 share two heads of keys and values; an output head of its own.
    /// </summary>
    public static ForgeShape Of(string architecture) => new()
    {
        Name = $"probe-{architecture}",
        Architecture = architecture,
        Layers = 3,
        Embedding = 256,
        Heads = 8,
        KvHeads = 2,
        HeadDimension = 32,
        FeedForward = 512,
        Vocabulary = 0,
        Context = 1024,
        RopeBase = 10_000,
        NormEpsilon = 1e-5f,
        TiedOutput = false,
        Tokenizer = ForgedTokenizer.BpeLlama,
    };

    /// <summary>A variant's shape bears its name.</summary>
    public static ForgeProbe Variant(this ForgeShape shape, string variant, ForgeKeys? keys = null) =>
        new(variant, shape with { Name = $"{shape.Name}-{variant}" }, keys);
}
