namespace Harness.Formats.Forging.Recipes;

/// <summary>LG's EXAONE.</summary>
internal static class ExaoneRecipes
{
    /// <summary><c>exaone</c>: llama's tensors, rotation of half-head pairs with frequency factors.</summary>
    public static ForgeArchitecture Exaone() => new(
        ProbeShape.Of("exaone") with { Heads = 16, RopeFactors = true, TiedOutput = true }, LlamaRecipes.Plain);

    /// <summary>
    /// <c>exaone4</c>: norms behind the blocks and of each head. With 64 layers, three of four have a window, and the
    /// fourth does not rotate.
    /// </summary>
    public static ForgeArchitecture Exaone4()
    {
        ForgeShape shape = ProbeShape.Of("exaone4");
        ForgeShape deep = shape with { Layers = 64, Embedding = 96, Heads = 6, HeadDimension = 16, FeedForward = 128 };
        return new ForgeArchitecture("exaone4", Tensors,
            [(shape with { TiedOutput = true }).Variant("1.2b"), deep.Variant("32b", new() { { "attention.sliding_window", 12 } })]);
    }

    private static IEnumerable<ForgeTensor> Tensors(ForgeShape shape) => DecoderTensors.Model(shape, layer =>
    [
        .. layer.Attention(), .. layer.HeadNorms(), .. layer.Norm("post_attention_norm"),
        .. layer.GatedFeedForward(), .. layer.Norm("post_ffw_norm"),
    ]);
}
