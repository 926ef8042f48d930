namespace Harness.Formats.Forging.Recipes;

/// <summary>Hybrids of attention and of delta-nets: Qwen3-Next, Qwen 3.5.</summary>
internal static class DeltaNetRecipes
{
    private const int Taps = 4;
    private const int KeyHeads = 4;
    private const int ValueHeads = 16;
    private const int HeadLength = 24;
    private const int Channels = HeadLength * ((2 * KeyHeads) + ValueHeads);

    /// <summary><c>qwen35</c>: gated delta-nets and gated attention take turns; sectioned rotation of a half of each head.</summary>
    public static ForgeArchitecture Qwen35() => new(
        ProbeShape.Of("qwen35") with { Layers = 4, Heads = 6, HeadDimension = 64, Tokenizer = ForgedTokenizer.BpeQwen2 },
        shape => DecoderTensors.Model(shape, layer =>
        [
            .. layer.Norm("attn_norm"),
            .. layer.Index % 2 == 1 ? GatedAttention(layer) : [.. GatedDelta(layer), .. BetaAndAlpha(layer)],
            .. layer.Norm("post_attention_norm"), .. layer.GatedFeedForward(),
        ]),
        Keys.And(new() { { "rope.dimension_sections", [6, 5, 5, 0] }, { "rope.dimension_count", 32 } }));

    private static ForgeKeys Keys => new()
    {
        { "ssm.conv_kernel", Taps }, { "ssm.inner_size", ValueHeads * HeadLength }, { "ssm.state_size", HeadLength },
        { "ssm.time_step_rank", ValueHeads }, { "ssm.group_count", KeyHeads }, { "full_attention_interval", 2 },
    };

    private static IEnumerable<ForgeTensor> GatedAttention(ForgeLayer layer) =>
    [
        .. layer.Attention().Select(tensor => tensor.Name.EndsWith("attn_q.weight", StringComparison.Ordinal)
            ? tensor with { Shape = [layer.Shape.Embedding, 2 * layer.QueryWidth] }
            : tensor),
        .. layer.HeadNorms(),
    ];

    private static IEnumerable<ForgeTensor> GatedDelta(ForgeLayer layer) =>
    [
        layer.Weight("attn_qkv", layer.Shape.Embedding, Channels),
        layer.Weight("attn_gate", layer.Shape.Embedding, ValueHeads * HeadLength),
        .. DeltaRest(layer),
    ];

    private static IEnumerable<ForgeTensor> DeltaRest(ForgeLayer layer) =>
    [
        layer.Between("ssm_conv1d.weight", [Taps, Channels], -0.9, 0.9),
        layer.Between("ssm_dt.bias", [ValueHeads], -3, 0),
        layer.Between("ssm_a", [ValueHeads], -1.5, -0.1),
        layer.Scale("ssm_norm", HeadLength),
        layer.BackFromState("ssm_out", ValueHeads * HeadLength),
    ];

    private static IEnumerable<ForgeTensor> BetaAndAlpha(ForgeLayer layer) =>
        [layer.Weight("ssm_beta", layer.Shape.Embedding, ValueHeads), layer.Weight("ssm_alpha", layer.Shape.Embedding, ValueHeads)];
}
