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

    /// <summary>
    /// HRM-Text: a low and a high stack, each of some layers, by turns. A turn begins with the sum of both streams and ends
    /// with a norm; the low stack takes some turns before each of the high one.
    /// </summary>
    public static Blueprint HrmText(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        int stack = header.Count("hrm.layers_per_stack");
        int highTurns = header.Count("hrm.h_cycles");
        int lowTurns = header.Count("hrm.l_cycles");
        long layers = (long)stack * highTurns * (lowTurns + 1L);
        if (layers != transformer.Layers)
        {
            throw new ModelException(
                $"'{header.Prefixed("block_count")}' is {transformer.Layers}; {highTurns} turns of {lowTurns} + 1 stacks of {stack} layers are {layers}.");
        }

        if (header.Flag("hrm.prefix_lm"))
        {
            throw new UnsupportedModelException(
                $"The built-in engine lets a prompt's positions see only earlier ones; '{header.Prefixed("hrm.prefix_lm")}' asks for later ones too.");
        }

        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        NormBlueprint norm = transformer.RmsNorm(null);
        return transformer.Build(Layer) with
        {
            Embedding = new EmbeddingBlueprint { Scale = header.Single("embedding_scale", 1), LowStreamTensor = "hrm.z_l_init" },
            OutputNorm = norm,
        };

        LayerBlueprint Layer(int index)
        {
            (int turn, int within) = Math.DivRem(index, stack);
            bool high = turn % (lowTurns + 1) == lowTurns;
            int tensors = (high ? stack : 0) + within;

            // The last norm of all is the one before the output head.
            bool ends = within == stack - 1 && index < transformer.Layers - 1;
            return LayerBlueprint.Sequential(
                transformer.Attention(tensors, rotary) with { Norm = norm, Gate = new AttentionGate(Activation.Sigmoid) },
                transformer.FeedForward(tensors) with { Norm = norm }) with
            {
                TensorIndex = tensors,
                JoinsStreams = within == 0,
                FinalNorm = ends ? norm : null,
                Keeps = !ends ? null : high ? ReasoningStream.High : ReasoningStream.Low,
            };
        }
    }

    private static void CheckPasses(int layers, int passes)
    {
        if ((long)layers * passes > MostLayers)
            throw new ModelException($"{passes} passes through {layers} layers are more than {MostLayers}.");
    }
}
