namespace Harness.Formats.Forging.Recipes;

/// <summary>Models whose positions see each other both ways.</summary>
internal static class DiffusionRecipes
{
    /// <summary><c>dream</c>: qwen2, both ways.</summary>
    public static ForgeArchitecture Dream() => new(
        ProbeShape.Of("dream") with { Heads = 8, KvHeads = 4, Tokenizer = ForgedTokenizer.BpeQwen2 },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(bias: true), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]));

    /// <summary><c>llada</c>: llama, both ways.</summary>
    public static ForgeArchitecture Llada() => new(
        ProbeShape.Of("llada") with { Heads = 12, KvHeads = 2 },
        shape => DecoderTensors.Model(shape, layer =>
            [.. layer.Norm("attn_norm"), .. layer.Attention(), .. layer.Norm("ffn_norm"), .. layer.GatedFeedForward()]));
}
