using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Dense models with windows in some layers, and gates or sinks in their attention.</summary>
internal static class GatedAttention
{
    // Muse Glimmer's norms after a block have this ε whatever the metadata says.
    private const float MuseGlimmerPostEpsilon = 1e-8f;

    /// <summary>
    /// Muse Glimmer: the embedding normed; norms on both sides of each block; a gate on what the heads yield; rotation in
    /// windowed layers alone; logits scaled, then capped.
    /// </summary>
    public static Blueprint MuseGlimmer(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = LocalRotary(transformer, RotaryKind.Norm);
        bool[] windowed = transformer.Windowed(4);
        int window = header.Count("attention.sliding_window");
        NormBlueprint After(string tensor) => new(NormKind.Rms, MuseGlimmerPostEpsilon, tensor);
        return transformer.Build(layer => new LayerBlueprint(
        [
            new BranchBlueprint(transformer.WithHeadNorms(transformer.Attention(layer, windowed[layer] ? rotary : null)) with
            {
                Gate = new AttentionGate(Activation.Sigmoid, TensorScale: false),
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            })
            {
                PostNorm = After("post_attention_norm"),
            },
            new BranchBlueprint(transformer.FeedForward(layer)) { PostNorm = After("post_ffw_norm") },
        ])) with
        {
            Embedding = new EmbeddingBlueprint { Norm = transformer.RmsNorm(null) },
            LogitScale = header.Single("logit_scale"),
            LogitSoftCap = header.Single("final_logit_softcapping", 0),
        };
    }

    /// <summary>Spark 2.5: a gate a head; GELU-gated; windowed layers may rotate with another base.</summary>
    public static Blueprint Spark25(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        RotaryBlueprint full = transformer.Rotary(RotaryKind.NeoX) with { FactorsTensor = null };
        RotaryBlueprint local = LocalRotary(transformer, RotaryKind.NeoX);
        bool[] windowed = transformer.Windowed(0);
        int window = header.Count("attention.sliding_window");
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, windowed[layer] ? local : full) with
            {
                Gate = new AttentionGate(Activation.Sigmoid, PerHead: true, TensorScale: false),
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            },
            transformer.FeedForward(layer) with { Activation = Activation.Gelu }));
    }

    /// <summary>Granite with windows: its scales, a learned score of each head in the softmax, rotation by a pattern.</summary>
    public static Blueprint GraniteSwa(ModelHeader header)
    {
        TransformerHeader.RefuseExperts(header);
        var transformer = new TransformerHeader(header);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        bool[] windowed = transformer.Windowed(0);
        bool[]? rotated = header.FlagsPerLayer("attention.rope_pattern", transformer.Layers);
        int window = header.Count("attention.sliding_window");
        float scale = header.Single("attention.scale", 0);
        float residualScale = OneIfAbsent("residual_scale");
        return transformer.Build(Layer) with
        {
            Embedding = new EmbeddingBlueprint { Scale = OneIfAbsent("embedding_scale") },
            LogitScale = 1 / header.Single("logit_scale"),
        };

        // A scale of 0 stands for none.
        float OneIfAbsent(string key) => header.Single(key, 0) is var given and not 0 ? given : 1;

        LayerBlueprint Layer(int layer)
        {
            AttentionBlueprint attention = transformer.Attention(layer, rotated is null || rotated[layer] ? rotary : null);
            return new LayerBlueprint(
            [
                new BranchBlueprint(attention with
                {
                    Sinks = true,
                    Scale = scale != 0 ? scale : attention.Scale,
                    Window = windowed[layer] ? new AttentionWindow(window) : null,
                })
                {
                    Scale = residualScale,
                },
                new BranchBlueprint(transformer.FeedForward(layer)) { Scale = residualScale },
            ]);
        }
    }

    private static RotaryBlueprint LocalRotary(TransformerHeader transformer, RotaryKind kind)
    {
        RotaryBlueprint rotary = transformer.Rotary(kind) with { FactorsTensor = null };
        return rotary with { Base = transformer.Header.Single("rope.freq_base_swa", rotary.Base) };
    }
}
