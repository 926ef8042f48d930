namespace Harness.Formats.Forging.Recipes;

/// <summary>Microsoft's Phi.</summary>
internal static class PhiRecipes
{
    /// <summary><c>phi2</c>: attention and feed-forward side by side behind one LayerNorm, biases everywhere, half of each head rotated.</summary>
    public static ForgeArchitecture Phi2()
    {
        ForgeShape shape = ProbeShape.Of("phi2") with { KvHeads = 8, Norm = ForgeNorm.Layer };
        return new ForgeArchitecture("phi2", s => Layers(s, layer => layer.FusedAttention(bias: true, outputBias: true)),
        [
            shape.Variant("fused"),
            shape.Variant("split") with { Tensors = s => Layers(s, layer => layer.Attention(bias: true, outputBias: true)) },
        ])
        { Keys = new() { { "rope.dimension_count", 16 } } };

        static IEnumerable<ForgeTensor> Layers(ForgeShape shape, Func<ForgeLayer, IEnumerable<ForgeTensor>> attention) => DecoderTensors.Model(
            shape,
            layer => [.. layer.Norm("attn_norm"), .. attention(layer), .. layer.FeedForward(bias: true)],
            DecoderTensors.Bias("output", shape.Vocabulary));
    }

    /// <summary>
    /// <c>phi3</c>: query, key and value in one matrix, gate and up in one, longrope. A window in the metadata is not
    /// heeded by llama.cpp.
    /// </summary>
    public static ForgeArchitecture Phi3()
    {
        // A name with "phi3" in it makes llama.cpp look for that model's own tokens.
        ForgeShape shape = ProbeShape.Of("phi3") with { Name = "probe-phi", Tokenizer = ForgedTokenizer.SentencePiece };
        return new ForgeArchitecture("phi3", s => DecoderTensors.Model(s, Fused, DecoderTensors.LongRopeFactors(s.HeadDimension)),
        [
            shape.Variant("long", LlamaRecipes.LongRope(originalContext: 32)),
            shape.Variant("short", LlamaRecipes.LongRope(originalContext: 768).And(new() { { "attention.sliding_window", 12 } })),
            shape.Variant("plain") with { Tensors = s => DecoderTensors.Model(s, Fused) },
        ]);

        static IEnumerable<ForgeTensor> Fused(ForgeLayer layer) => layer.PreNormed(layer.FusedAttention(), layer.FusedGatedFeedForward());
    }
}
