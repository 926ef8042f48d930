using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Mixtures of experts each with a graph of its own.</summary>
internal static class ClassicExperts
{
    /// <summary>Phi-3.5-MoE: norms with biases, scaled rotation for long contexts.</summary>
    public static Blueprint ReadPhi(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary)), experts.Branch(layer, router),
        ])) with
        {
            OutputBias = header.Has("output.bias"),
        };
    }

    /// <summary>gpt-oss: sinks, every second layer windowed, bounded activation, softmax over the chosen experts.</summary>
    public static Blueprint ReadGptOss(ModelHeader header)
    {
        const float Bound = 7;
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RotaryBlueprint windowedRotary = rotary with { Base = header.Single("rope.freq_base_swa", rotary.Base) };
        bool[] windowed = transformer.Windowed(2);
        int window = header.Count("attention.sliding_window");
        RouterBlueprint router = experts.Router(ExpertGating.SoftmaxOfChosen, normalize: false);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, windowed[layer] ? windowedRotary : rotary) with
            {
                Sinks = true,
                Window = windowed[layer] ? new AttentionWindow(window) : null,
            }),
            new BranchBlueprint(experts.Experts(layer, router) with
            {
                Norm = transformer.RmsNorm("post_attention_norm"),
                Activation = Activation.GeluQuick,
                Bounds = new GateBounds(Bound, UpOffset: 1),
            }),
        ]));
    }

    /// <summary>DBRX: layer norms, a fused and clamped projection.</summary>
    public static Blueprint ReadDbrx(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => LayerBlueprint.Sequential(
            transformer.Attention(layer, rotary),
            experts.Experts(layer, router) with { Norm = transformer.LayerNorm("attn_output_norm") }));
    }

    /// <summary>Grok: capped scores and logits, norms after each branch, in version 2 a dense feed-forward beside the experts.</summary>
    public static Blueprint ReadGrok(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.NeoX);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer =>
        {
            ExpertsBlueprint mixture = experts.Experts(layer, router) with { Activation = Activation.Gelu };
            NormBlueprint last = transformer.RmsNorm(transformer.Has(layer, "layer_output_norm.weight") ? "layer_output_norm" : "post_ffw_norm");
            bool dense = transformer.Has(layer, "ffn_up.weight");

            // The sum of both is divided by √2 before the norm, which is the norm of the sum with twice the ε.
            return new LayerBlueprint([
                new BranchBlueprint(transformer.Attention(layer, rotary) with
                {
                    Scale = header.Single("attention.output_scale", 0.08838834764831845f),
                    SoftCap = header.Single("attn_logit_softcapping", 30),
                })
                {
                    PostNorm = transformer.RmsNorm("attn_output_norm"),
                },
                new BranchBlueprint(dense ? [mixture, transformer.FeedForward(layer) with { Activation = Activation.Gelu }] : [mixture])
                {
                    PostNorm = dense ? last with { Epsilon = 2 * last.Epsilon } : last,
                },
            ]);
        }) with
        {
            Embedding = new EmbeddingBlueprint { Scale = header.Single("embedding_scale", 78.38367176906169f) },
            LogitScale = header.Single("logit_scale", 0.5773502691896257f),
            LogitSoftCap = header.Single("final_logit_softcapping", 0),
        };
    }

    /// <summary>Arctic: a dense feed-forward after attention, and experts that read what the layer read.</summary>
    public static Blueprint ReadArctic(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        RouterBlueprint router = experts.Router(ExpertGating.Softmax, normalize: true);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(transformer.Attention(layer, rotary)),

            // Its feed-forward is as wide as the stream; the metadata's length is that of the experts.
            new BranchBlueprint(transformer.FeedForward(layer) with { Length = transformer.Embedding }),
            new BranchBlueprint(experts.Experts(layer, router) with { Norm = transformer.RmsNorm("ffn_norm_exps") })
            {
                Input = BranchInput.LayerInput,
            },
        ]));
    }

    /// <summary>
    /// Llama 4: windows of chunks; every so many layers one that sees all and is not rotated, with a temperature instead;
    /// norms without weights after rotation; experts weighted before they compute.
    /// </summary>
    public static Blueprint ReadLlama4(ModelHeader header)
    {
        const int Chunk = 8192;
        const int LargeModelExperts = 128;
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        RotaryBlueprint rotary = transformer.Rotary(RotaryKind.Norm);
        bool chunked = header.Number("attention.sliding_window", 1) != 0;
        bool[] windowed = chunked ? transformer.Windowed(4) : new bool[transformer.Layers];
        int step = chunked ? 4 : transformer.Layers;
        RotaryBlueprint windowedRotary = rotary with { Base = header.Single("rope.freq_base_swa", rotary.Base) };
        HeadNormBlueprint? norm = header.Count("expert_count") == LargeModelExperts ? null : transformer.HeadNorm(null);
        RouterBlueprint router = experts.Router(ExpertGating.Sigmoid, normalize: false) with { WeightsInputs = true };
        return transformer.Build(layer =>
        {
            bool rotated = (layer + 1) % step != 0;
            return new LayerBlueprint([
                new BranchBlueprint(transformer.Attention(layer, rotated ? windowed[layer] ? windowedRotary : rotary : null) with
                {
                    QueryNorm = rotated ? norm : null,
                    KeyNorm = rotated ? norm : null,
                    NormAfterRotary = true,
                    Window = windowed[layer] ? new AttentionWindow(Chunk, Chunked: true) : null,
                    Temperature = rotated || !chunked ? null : new AttentionTemperature(0.1f, Chunk, 1),
                }),
                experts.Branch(layer, router),
            ]);
        });
    }
}
