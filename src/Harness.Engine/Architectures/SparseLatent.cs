using System.Globalization;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Architectures;

/// <summary>Latent attention to the positions that an indexer chooses, with experts.</summary>
internal static class SparseLatent
{
    // Models have four; all streams of a token are one row of a matrix's input.
    private const int MostStreams = 64;

    /// <summary>DeepSeek-V3.2.</summary>
    public static Blueprint ReadDeepSeek32(ModelHeader header) => Read(header, RotaryKind.NeoX);

    /// <summary>GLM-5: later versions have an indexer in some layers, whose choice the next ones share.</summary>
    public static Blueprint ReadGlm(ModelHeader header) => Read(header, RotaryKind.Norm);

    /// <summary>
    /// dots.3-note: windowed layers have latent attention of another shape, the others an indexer; the rotated key is
    /// normalised, and what each head yields is gated.
    /// </summary>
    public static Blueprint ReadDots3(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        var latent = new LatentHeader(transformer, RotaryKind.Norm);
        RotaryBlueprint rotary = latent.Attention.Rotary!;
        LatentAttentionBlueprint full = latent.Attention with
        {
            KeyNorm = true,
            Gate = new AttentionGate(Activation.Sigmoid, PerHead: true),
            Indexer = Indexer(header, rotary, RotaryKind.NeoX),
        };
        int keyLength = header.Count("attention.key_length_mla_swa");
        LatentAttentionBlueprint windowed = full with
        {
            LatentRank = header.Count("attention.kv_lora_rank_swa"),
            KeyLength = keyLength,
            ValueLength = header.Count("attention.value_length_mla_swa"),
            Scale = 1 / MathF.Sqrt(keyLength),
            Rotary = rotary with { Base = header.Single("rope.freq_base_swa") },
            Window = new AttentionWindow(header.Count("attention.sliding_window")),
            Indexer = null,
        };
        bool[] windows = transformer.Windowed(0);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint((windows[layer] ? windowed : full) with { HeadCount = transformer.Heads(layer) }),
            experts.Branch(layer, router),
        ]));
    }

    /// <summary>
    /// Hunyuan 4: several residual streams; latent attention with sinks and a gate, whose indexers are shared by layers;
    /// bounded experts.
    /// </summary>
    public static Blueprint ReadHunyuan4(ModelHeader header)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer);
        var latent = new LatentHeader(transformer, RotaryKind.Norm);
        bool indexed = header.Number("attention.indexer.top_k", 0) > 0;
        LatentAttentionBlueprint attention = latent.Attention with { Sinks = true, Gate = new AttentionGate(Activation.Sigmoid) };
        if (indexed)
        {
            attention = attention with
            {
                Indexer = Indexer(header, attention.Rotary!, RotaryKind.Norm) with { RotatesEnd = true, NormEpsilon = attention.NormEpsilon },
            };
        }

        int streams = header.Count("hyper_connection.count");
        if (streams > MostStreams)
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"'{header.Prefixed("hyper_connection.count")}' is {streams}; the most is {MostStreams}."));
        }

        HyperConnectionBlueprint Hyper(string tensor, float magnitude = 0) =>
            new(streams, tensor, header.Single("hyper_connection.epsilon"), attention.NormEpsilon, magnitude);
        float magnitude = header.Single("hyper_connection.magnitude");
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        return transformer.Build(layer =>
        {
            IndexerBlueprint? indexer = attention.Indexer;
            if (indexer is not null)
                indexer = indexer with { Shared = layer > 0 && !transformer.Has(layer, "indexer.proj.weight") };
            BranchBlueprint second = experts.Branch(
                layer, router, e => e with { Bounds = experts.Bounds(layer, "swiglu_clamp_exp", afterActivation: false) });
            return new LayerBlueprint([
                new BranchBlueprint(attention with { Indexer = indexer }) { HyperConnection = Hyper("hc_attn", magnitude) },
                second with { HyperConnection = Hyper("hc_ffn", magnitude) },
            ]);
        }) with
        {
            HyperHead = Hyper("output_hc"),
        };
    }

    private static Blueprint Read(ModelHeader header, RotaryKind indexerKind)
    {
        var transformer = new TransformerHeader(header);
        var experts = new ExpertsHeader(transformer, tensorScales: true);
        var latent = new LatentHeader(transformer, RotaryKind.Norm);
        IndexerBlueprint indexer = Indexer(header, latent.Attention.Rotary!, indexerKind);
        RouterBlueprint router = experts.StatedRouter(ExpertGating.Sigmoid);
        LatentAttentionBlueprint attention = latent.Attention with { Scale = latent.Attention.Scale * latent.YarnFactor * latent.YarnFactor };
        return transformer.Build(layer => new LayerBlueprint([
            new BranchBlueprint(attention with { Indexer = indexer with { Shared = layer > 0 && !transformer.Has(layer, "indexer.proj.weight") } }),
            experts.Branch(layer, router),
        ]));
    }

    private static IndexerBlueprint Indexer(ModelHeader header, RotaryBlueprint rotary, RotaryKind kind) => new()
    {
        HeadCount = header.Count("attention.indexer.head_count"),
        KeyLength = header.Count("attention.indexer.key_length"),
        Top = header.Count("attention.indexer.top_k"),
        Rotary = rotary with { Kind = kind },
        NormEpsilon = header.Single("attention.layer_norm_epsilon", 1e-6f),
    };
}
