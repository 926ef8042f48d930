using Harness.Engine.Blocks;
using Harness.Engine.Blueprints;

namespace Harness.Engine.Weights;

/// <summary>The tensors of a delta-net.</summary>
internal sealed unsafe class DeltaNetWeights : BlockWeights
{
    public required DeltaNetBlueprint Blueprint { get; init; }

    /// <summary>Query, key and value, with the gate where they are stored by key head; null when they are apart.</summary>
    public required Projection? Fused { get; init; }

    public required Projection? Query { get; init; }

    public required Projection? Key { get; init; }

    public required Projection? Value { get; init; }

    /// <summary>The output's gate, or the first half of it.</summary>
    public required Projection? Gate { get; init; }

    /// <summary>The second half of a low-rank gate.</summary>
    public required Projection? GateExpansion { get; init; }

    /// <summary>β and a of each key head's value heads together; null when they are apart.</summary>
    public required Projection? BetaAndDecay { get; init; }

    public required Projection? Beta { get; init; }

    /// <summary>What the decay is computed from, or the first half of it.</summary>
    public required Projection? Decay { get; init; }

    /// <summary>The second half of a low-rank decay.</summary>
    public required Projection? DecayExpansion { get; init; }

    /// <summary>Added to the decay's projection.</summary>
    public required float* DecayBias { get; init; }

    /// <summary>A, a head each.</summary>
    public required float* DecayRate { get; init; }

    /// <summary>The taps of all channels; of the queries where each projection has its own.</summary>
    public required float* Taps { get; init; }

    public required float* KeyTaps { get; init; }

    public required float* ValueTaps { get; init; }

    public required Norm HeadNorm { get; init; }

    public required Projection Output { get; init; }

    public static DeltaNetWeights Bind(DeltaNetBlueprint delta, LayerBinder binder)
    {
        int embedding = binder.Embedding;
        int keys = delta.KeyWidth;
        int values = delta.ValueWidth;
        bool split = delta.Projections == DeltaProjections.Split;
        bool byHead = delta.Projections == DeltaProjections.PerKeyHead;
        bool lowRank = split && delta.Decay == DeltaDecay.PerChannel;
        bool together = !split && binder.Has("ssm_ba.weight");
        Projection? Project(bool wanted, string name, int rows, int columns) =>
            wanted ? binder.Project(name, rows, columns, bias: false) : null;
        float* Convolution(bool wanted, string name, int channels) =>
            wanted ? binder.Values(name, (long)channels * delta.Taps) : null;

        return new DeltaNetWeights
        {
            Blueprint = delta,
            Fused = Project(!split, byHead ? "ssm_in" : "attn_qkv", delta.Channels + (byHead ? values : 0), embedding),
            Query = Project(split, "attn_q", keys, embedding),
            Key = Project(split, "attn_k", keys, embedding),
            Value = Project(split, "attn_v", values, embedding),
            Gate = Project(!byHead, split ? "ssm_g_a" : "attn_gate", lowRank ? delta.HeadLength : values, embedding),
            GateExpansion = Project(lowRank, "ssm_g_b", values, delta.HeadLength),
            BetaAndDecay = Project(together, "ssm_ba", 2 * delta.ValueHeads, embedding),
            Beta = Project(!together, "ssm_beta", delta.ValueHeads, embedding),
            Decay = split
                ? Project(true, "ssm_f_a", lowRank ? delta.HeadLength : keys, embedding)
                : Project(!together, "ssm_alpha", delta.ValueHeads, embedding),
            DecayExpansion = Project(lowRank, "ssm_f_b", keys, delta.HeadLength),
            DecayBias = binder.Values("ssm_dt.bias", split ? keys : delta.ValueHeads),
            DecayRate = binder.Values("ssm_a", delta.ValueHeads),
            Taps = split ? Convolution(true, "ssm_conv1d_q.weight", keys) : Convolution(true, "ssm_conv1d.weight", delta.Channels),
            KeyTaps = Convolution(split, "ssm_conv1d_k.weight", keys),
            ValueTaps = Convolution(split, "ssm_conv1d_v.weight", values),
            HeadNorm = binder.Norm(delta.HeadNorm, delta.HeadLength),
            Output = binder.Project(split ? "attn_output" : "ssm_out", embedding, values, bias: false),
        };
    }

    public override Block Create(BlockContext context) => new DeltaNetBlock(this, context);
}
