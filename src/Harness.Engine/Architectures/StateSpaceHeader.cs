using System.Globalization;
using Harness.Engine.Blueprints;
using Harness.Engine.Kernels;

namespace Harness.Engine.Architectures;

/// <summary>The metadata of state-space and delta-net blocks, <c>ssm.*</c>, and the blocks made from it.</summary>
/// <param name="transformer">The metadata that all decoders share.</param>
internal sealed class StateSpaceHeader(TransformerHeader transformer)
{
    // No real model comes near; what a file claims beyond it is damage.
    private const int LargestWidth = 1 << 20;

    private ModelHeader Header => transformer.Header;

    /// <summary>Mamba's block.</summary>
    /// <param name="mixNorm">The norm of time steps, B and C, or null.</param>
    public SelectiveScanBlueprint SelectiveScan(NormBlueprint? mixNorm) => new()
    {
        Norm = transformer.RmsNorm("attn_norm"),
        Inner = Width("ssm.inner_size"),
        StateLength = Width("ssm.state_size"),
        TimeStepRank = Width("ssm.time_step_rank"),
        Taps = Taps("ssm.conv_kernel"),
        MixNorm = mixNorm,
    };

    /// <summary>Mamba-2's block.</summary>
    /// <param name="groupNorm">The gated output is normalised.</param>
    public Mamba2Blueprint Mamba2(bool groupNorm)
    {
        int heads = Width("ssm.time_step_rank");
        int groups = Header.Count("ssm.group_count");
        _ = Share("ssm.time_step_rank", heads, "ssm.group_count", groups);
        return new Mamba2Blueprint
        {
            Norm = transformer.RmsNorm("attn_norm"),
            Heads = heads,
            HeadLength = Share("ssm.inner_size", Width("ssm.inner_size"), "ssm.time_step_rank", heads),
            Groups = groups,
            StateLength = Width("ssm.state_size"),
            Taps = Taps("ssm.conv_kernel"),
            GroupNorm = groupNorm ? transformer.RmsNorm("ssm_norm") : null,
        };
    }

    /// <summary>PLaMo 2's form of it.</summary>
    public Mamba2Blueprint LateMamba2()
    {
        int heads = Width("ssm.time_step_rank");
        return new Mamba2Blueprint
        {
            Norm = transformer.RmsNorm("attn_norm"),
            Heads = heads,
            HeadLength = Share("ssm.inner_size", Width("ssm.inner_size"), "ssm.time_step_rank", heads),
            Groups = 1,
            StateLength = Width("ssm.state_size"),
            Taps = Taps("ssm.conv_kernel"),
            TimeStepRank = Math.Max(64, transformer.Embedding / 16),
            MixNorm = transformer.RmsNorm("ssm_dt_norm"),
        };
    }

    /// <summary>Gated DeltaNet's block.</summary>
    /// <param name="layer">The layer: its tensors say how the projections are stored.</param>
    /// <param name="keyHeadsRepeat">Value heads go through the key heads again and again, not in consecutive groups.</param>
    public DeltaNetBlueprint GatedDelta(int layer, bool keyHeadsRepeat)
    {
        int keyHeads = Width("ssm.group_count");
        int valueHeads = Width("ssm.time_step_rank");
        int length = Share("ssm.inner_size", Width("ssm.inner_size"), "ssm.time_step_rank", valueHeads);
        _ = Share("ssm.time_step_rank", valueHeads, "ssm.group_count", keyHeads);
        if (length != Width("ssm.state_size"))
        {
            throw new ModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{Header.Prefixed("ssm.state_size")}' is {Width("ssm.state_size")}; {valueHeads} heads of '{Header.Prefixed("ssm.inner_size")}' ask for {length}."));
        }

        return new DeltaNetBlueprint
        {
            Norm = transformer.RmsNorm("attn_norm"),
            KeyHeads = keyHeads,
            ValueHeads = valueHeads,
            HeadLength = length,
            Taps = Taps("ssm.conv_kernel"),
            UnitEpsilon = Header.Single("attention.layer_norm_rms_epsilon"),
            HeadNorm = transformer.RmsNorm("ssm_norm"),
            Projections = transformer.Has(layer, "ssm_in.weight") ? DeltaProjections.PerKeyHead : DeltaProjections.FusedQkv,
            KeyHeadsRepeat = keyHeadsRepeat,
        };
    }

    /// <summary>Kimi Delta Attention's block.</summary>
    /// <param name="layer">The layer: its number of heads is the delta-net's too.</param>
    public DeltaNetBlueprint KimiDelta(int layer)
    {
        // Files that count heads layer by layer may count none here; as many there are as in the first layer.
        int heads = transformer.Heads(layer) == 0 ? transformer.Heads(0) : transformer.Heads(layer);
        return new DeltaNetBlueprint
        {
            Norm = transformer.RmsNorm("attn_norm"),
            KeyHeads = heads,
            ValueHeads = heads,
            HeadLength = Width("kda.head_dim"),
            Taps = Taps("ssm.conv_kernel"),
            UnitEpsilon = Header.Single("attention.layer_norm_rms_epsilon"),
            HeadNorm = transformer.RmsNorm("ssm_norm"),
            Projections = DeltaProjections.Split,
            Decay = DeltaDecay.PerChannel,
            GateActivation = Activation.Sigmoid,
        };
    }

    /// <summary>Which layers are recurrent: the metadata's own list, else all but the last of each interval.</summary>
    /// <param name="interval">Layers of an interval where the metadata does not say.</param>
    public bool[] RecurrentLayers(int interval)
    {
        if (Header.FlagsPerLayer("attention.recurrent_layers", transformer.Layers) is { } flags)
            return flags;
        int period = Header.Count("full_attention_interval", interval);
        return [.. Enumerable.Range(1, transformer.Layers).Select(i => i % period != 0)];
    }

    /// <summary>Taps of a convolution.</summary>
    /// <param name="key">The key.</param>
    public int Taps(string key)
    {
        int taps = Header.Count(key);
        return taps <= ConvolutionJob.MaxTaps
            ? taps
            : throw new UnsupportedModelException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{Header.Prefixed(key)}' is {taps}; the built-in engine convolves at most {ConvolutionJob.MaxTaps} tokens."));
    }

    private int Width(string key)
    {
        int width = Header.Count(key);
        return width <= LargestWidth
            ? width
            : throw new ModelException(string.Create(
                CultureInfo.InvariantCulture, $"'{Header.Prefixed(key)}' is {width}; the largest width is {LargestWidth}."));
    }

    private int Share(string key, int whole, string partsKey, int parts) => whole % parts == 0
        ? whole / parts
        : throw new ModelException(string.Create(
            CultureInfo.InvariantCulture,
            $"'{Header.Prefixed(key)}' is {whole}; it must be a multiple of '{Header.Prefixed(partsKey)}', {parts}."));
}
