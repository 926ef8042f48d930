using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Models that run through the same weights more than once; each pass has keys and values of its own.</summary>
internal static class Looped
{
    // llama.cpp's LLAMA_MAX_LAYERS, which bounds layers times passes.
    private const int MostLayers = 512;

    /// <summary>Nanbeige: llama, several times over, with the output norm between two passes unless the metadata skip it.</summary>
    public static Blueprint Nanbeige(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        int passes = header.Count("num_loops", 1);
        bool normed = !header.Flag("skip_loop_final_norm");
        CheckPasses(transformer.Layers, passes);
        Blueprint once = transformer.Build(layer =>
            LayerBlueprint.Sequential(transformer.Attention(layer, rotary), transformer.FeedForward(layer)) with { TensorIndex = layer });
        return once with
        {
            Layers =
            [
                .. Enumerable.Range(0, passes).SelectMany(pass => once.Layers.Select((layer, i) =>
                    normed && i == once.Layers.Length - 1 && pass < passes - 1 ? layer with { FinalNorm = once.OutputNorm } : layer)),
            ],
        };
    }

    private static void CheckPasses(int layers, int passes)
    {
        if ((long)layers * passes > MostLayers)
            throw new ModelException($"{passes} passes through {layers} layers are more than {MostLayers}.");
    }
}
