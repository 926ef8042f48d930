using System.Globalization;
using Harness.Engine.Blocks;
using Harness.Engine.Weights;

namespace Harness.Engine.Blueprints;

/// <summary>
/// Attention with grouped queries (Ainslie et al., 2023): <see cref="HeadCount"/> query heads share
/// <see cref="KeyValueHeadCount"/> key and value heads, in consecutive groups.
/// </summary>
public sealed record AttentionBlueprint : BlockBlueprint
{
    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of a query and of a key head.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Query, key and value come from one matrix, in this order.</summary>
    public bool FusedQkv { get; init; }

    /// <summary>Query, key or value projections add a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>The output projection adds a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Scores are multiplied by this before the softmax.</summary>
    public required float Scale { get; init; }

    /// <summary>Rotary position embedding of queries and keys; null where the layer has none.</summary>
    public RotaryBlueprint? Rotary { get; init; }

    /// <summary>
    /// The largest bias of linear biases by distance (ALiBi; Press et al., 2022), from which each head's slope follows;
    /// 0 for none.
    /// </summary>
    public float AlibiMaxBias { get; init; }

    /// <summary>Queries, keys and values are clamped to ± this after their biases; 0 for no clamp.</summary>
    public float Clamp { get; init; }

    /// <summary>Normalises queries, before or after rotation.</summary>
    public HeadNormBlueprint? QueryNorm { get; init; }

    /// <summary>Normalises keys, before or after rotation.</summary>
    public HeadNormBlueprint? KeyNorm { get; init; }

    /// <summary>Normalises values.</summary>
    public HeadNormBlueprint? ValueNorm { get; init; }

    /// <summary>Query and key norms come after the rotation.</summary>
    public bool NormAfterRotary { get; init; }

    /// <summary>Queries are multiplied by a factor that grows with the position.</summary>
    public AttentionTemperature? Temperature { get; init; }

    /// <summary>Which earlier positions a position sees.</summary>
    public AttentionWindow? Window { get; init; }

    /// <summary>A position sees later ones of the same evaluation too: diffusion models and encoders.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Scores become <c>cap × tanh(score / cap)</c>, after <see cref="Scale"/>; 0 for no cap.</summary>
    public float SoftCap { get; init; }

    /// <summary>Each head has a learned score that takes part in the softmax and has no value (<c>attn_sinks.weight</c>).</summary>
    public bool Sinks { get; init; }

    /// <summary>What the heads yield is multiplied by a gate before the output projection.</summary>
    public AttentionGate? Gate { get; init; }

    /// <summary>Normalises what the heads yield, before the output projection.</summary>
    public NormBlueprint? SubNorm { get; init; }

    /// <summary>This layer has no keys and values of its own: it reads those of an earlier layer.</summary>
    public int? CacheOfLayer { get; init; }

    /// <summary>There is no value projection: values are the keys before norm and rotation.</summary>
    public bool ValueIsKey { get; init; }

    /// <summary>Name of the output projection's tensors.</summary>
    public string OutputTensor { get; init; } = "attn_output";

    /// <summary>Width of all query heads together.</summary>
    public int QueryWidth => HeadCount * KeyLength;

    /// <summary>Width of all key heads together.</summary>
    public int KeyWidth => KeyValueHeadCount * KeyLength;

    /// <summary>Width of all value heads together.</summary>
    public int ValueWidth => KeyValueHeadCount * ValueLength;

    /// <summary>Width of what attention yields: one value head for each query head.</summary>
    public int OutputWidth => HeadCount * ValueLength;

    /// <inheritdoc/>
    public override long StateBytes(int positions, KvCacheType cacheType) =>
        CacheOfLayer is null ? BlockedKeyValueStore.BytesFor(KeyValueHeadCount, KeyLength, ValueLength, positions, cacheType) : 0;

    internal override IEnumerable<RotaryBlueprint> Rotaries => Rotary is null ? [] : [Rotary];

    internal override BlockWeights Bind(LayerBinder binder) => AttentionWeights.Bind(this, binder);

    internal override void Describe(FeatureList features)
    {
        features.Add("attention", KeyValueHeadCount == HeadCount ? "mha" : KeyValueHeadCount == 1 ? "mqa" : "gqa");
        features.Add("heads", HeadCount);
        features.Add("kv-heads", KeyValueHeadCount);
        features.Add("gqa-ratio", HeadCount / KeyValueHeadCount);
        features.Add("key-length", KeyLength);
        features.Add("value-length", ValueLength);
        features.Add("qkv", FusedQkv ? "fused" : "split");
        features.Add("qkv-bias", QkvBias);
        features.Add("attention-output-bias", OutputBias);
        features.Add("attention-window", Window is null ? "none" : Window.Name);
        features.AddUnless(!Bidirectional, "attention-mask", "bidirectional");
        features.AddUnless(QueryNorm is null && KeyNorm is null, "qk-norm", (QueryNorm ?? KeyNorm)?.Name + (NormAfterRotary ? ", after rope" : string.Empty));
        features.AddUnless(ValueNorm is null, "v-norm", ValueNorm?.Name);
        features.AddUnless(SoftCap == 0, "attention-soft-cap", SoftCap);
        features.AddUnless(Clamp == 0, "qkv-clamp", Clamp);
        features.AddUnless(!Sinks, "attention-sinks", "yes");
        features.AddUnless(Gate is null, "attention-gate", Gate?.Name);
        features.AddUnless(SubNorm is null, "attention-sub-norm", SubNorm?.Name);
        features.AddUnless(Temperature is null, "attention-temperature", "by position");
        features.AddUnless(CacheOfLayer is null, "kv-shared", "yes");
        features.AddUnless(!ValueIsKey, "value", "key");
        features.Add("position", Rotary is { } rotary ? rotary.KindName : AlibiMaxBias > 0 ? "alibi" : "none");
        Rotary?.Describe(features);
    }
}

/// <summary>A norm of query, key or value heads.</summary>
/// <param name="Norm">Kind, ε and tensor; the tensor may hold a head's weights once or for each head apart.</param>
/// <param name="WholeVector">All heads are normalised as one vector, not each by itself.</param>
public sealed record HeadNormBlueprint(NormBlueprint Norm, bool WholeVector = false)
{
    /// <summary>The tensor holds one weight for each head, not one for each of its values.</summary>
    public bool OneWeightAHead { get; init; }

    internal string Name => $"{Norm.Name}, {(WholeVector ? "whole vector" : OneWeightAHead ? "per head, one weight" : "per head")}";
}

/// <summary>
/// Queries at position p are multiplied by <c>1 + Scale × ln(1 + floor((p + Offset) / Length))</c> (Llama 4).
/// </summary>
/// <param name="Scale">How fast it grows.</param>
/// <param name="Length">Positions of one step.</param>
/// <param name="Offset">Added to the position.</param>
public sealed record AttentionTemperature(float Scale, int Length, float Offset = 0)
{
    /// <summary>Multiplies a position's queries.</summary>
    internal unsafe void Apply(float* queries, int length, int position)
    {
        float factor = 1 + (Scale * MathF.Log(1 + MathF.Floor((position + Offset) / Length)));
        for (int i = 0; i < length; i++)
            queries[i] *= factor;
    }
}

/// <summary>A bound on which earlier positions are seen.</summary>
/// <param name="Length">Positions.</param>
/// <param name="Chunked">Those of the same chunk of that length, not the last so many.</param>
public sealed record AttentionWindow(int Length, bool Chunked = false)
{
    internal string Name => Length.ToString(CultureInfo.InvariantCulture) + (Chunked ? " chunked" : string.Empty);

    /// <summary>The first position that a position sees.</summary>
    internal int First(int position) => Chunked ? position / Length * Length : Math.Max(0, position - Length + 1);
}

/// <summary>A gate on what the heads yield.</summary>
/// <param name="Activation">What the gate's values go through: sigmoid or softplus.</param>
/// <param name="PerHead">One value a head, not one a channel.</param>
/// <param name="InQuery">Each head of the query projection is followed by its gate; else <c>attn_gate</c> projects it.</param>
/// <param name="TensorScale">The <c>.scale</c> a file may hold beside the gate's projection is applied.</param>
public sealed record AttentionGate(Activation Activation, bool PerHead = false, bool InQuery = false, bool TensorScale = true)
{
    internal string Name => $"{ActivationNames.Of(Activation)}, {(PerHead ? "per head" : "per channel")}";
}
