namespace Harness.Formats.Forging;

/// <summary>
/// One layer of a model to be forged: names its tensors and gives them their lengths. A layer that differs from its
/// neighbours has another shape: <c>layer with { Shape = … }</c>.
/// </summary>
/// <param name="Shape">The layer's lengths.</param>
/// <param name="Index">Its number, from 0.</param>
internal readonly record struct ForgeLayer(ForgeShape Shape, int Index)
{
    /// <summary>A gain of one, in eighths.</summary>
    public const int One = 8;

    private const int AttentionGain = One * 5 / 4;
    private const int BiasGain = One / 2;

    // What every token gets alike adds up from layer to layer, and must not drown what tells them apart.
    private const int ResidualBiasGain = One / 8;

    /// <summary>How much a block adds to the residual stream: less in a deep model, or its many layers would drown what went in.</summary>
    private int BackGain => Shape.Layers <= 8 ? One * 3 / 2 : One / 8;

    /// <summary>All heads' queries.</summary>
    public int QueryWidth => Shape.Heads * Shape.HeadDimension;

    /// <summary>All heads' keys.</summary>
    public int KeyWidth => Shape.KvHeads * Shape.HeadDimension;

    /// <summary>All heads' values.</summary>
    public int ValueWidth => Shape.KvHeads * (Shape.ValueDimension ?? Shape.HeadDimension);

    /// <summary>What attention gives to its output projection.</summary>
    public int AttendedWidth => Shape.Heads * (Shape.ValueDimension ?? Shape.HeadDimension);

    /// <summary>A matrix.</summary>
    public ForgeTensor Weight(string name, long inputs, long outputs, int gain = One) =>
        new($"blk.{Index}.{name}.weight", [inputs, outputs], ForgeValues.Weights, gain);

    /// <summary>A matrix for each expert.</summary>
    public ForgeTensor ExpertWeight(string name, long inputs, long outputs, long experts, int gain = One) =>
        new($"blk.{Index}.{name}.weight", [inputs, outputs, experts], ForgeValues.Weights, gain);

    /// <summary>A matrix that leads back to the residual stream.</summary>
    public ForgeTensor Back(string name, long inputs) => Weight(name, inputs, Shape.Embedding, BackGain);

    /// <summary>
    /// A matrix that leads back from a recurrence. What such a block does with rounding errors of its inputs goes on from
    /// token to token, so its share of the residual stream is smaller.
    /// </summary>
    public ForgeTensor BackFromState(string name, long inputs) => Weight(name, inputs, Shape.Embedding, One / 2);

    /// <summary>A bias.</summary>
    public ForgeTensor Bias(string name, params ReadOnlySpan<long> shape) =>
        new($"blk.{Index}.{name}.bias", [.. shape], ForgeValues.Absolute, BiasGain);

    /// <summary>Weights around one.</summary>
    public ForgeTensor Scale(string name, params ReadOnlySpan<long> shape) =>
        new($"blk.{Index}.{name}.weight", [.. shape], ForgeValues.Norm);

    /// <summary>Values between two bounds, in F32; the name has its suffix, if any.</summary>
    public ForgeTensor Between(string name, ReadOnlySpan<long> shape, double low, double high) =>
        ForgeTensor.Between($"blk.{Index}.{name}", [.. shape], low, high);

    /// <summary>A norm of the residual stream, of the shape's kind.</summary>
    public IEnumerable<ForgeTensor> Norm(string name, long? length = null) => DecoderTensors.Norm(Shape, $"blk.{Index}.{name}", length);

    /// <summary>A norm, an attention, a norm, a feed-forward: the layer of most decoders.</summary>
    public IEnumerable<ForgeTensor> PreNormed(IEnumerable<ForgeTensor> attention, IEnumerable<ForgeTensor> feedForward) =>
        [.. Norm("attn_norm"), .. attention, .. Norm("ffn_norm"), .. feedForward];

    /// <summary>Norms of each head's query and key, with weights shared by the heads.</summary>
    public IEnumerable<ForgeTensor> HeadNorms() =>
        [Scale("attn_q_norm", Shape.HeadDimension), Scale("attn_k_norm", Shape.HeadDimension)];

    /// <summary>Separate projections to query, key and value, and back.</summary>
    public IEnumerable<ForgeTensor> Attention(bool bias = false, bool outputBias = false) =>
        [.. QueryKeyValue(bias), .. AttentionOutput(outputBias)];

    /// <summary>One projection to query, key and value, and the one back.</summary>
    public IEnumerable<ForgeTensor> FusedAttention(bool bias = false, bool outputBias = false) =>
        [.. FusedQueryKeyValue(bias), .. AttentionOutput(outputBias)];

    /// <summary>Separate projections to query, key and value.</summary>
    public IEnumerable<ForgeTensor> QueryKeyValue(bool bias = false)
    {
        yield return Weight("attn_q", Shape.Embedding, QueryWidth, AttentionGain);
        yield return Weight("attn_k", Shape.Embedding, KeyWidth, AttentionGain);
        yield return Weight("attn_v", Shape.Embedding, ValueWidth);
        if (!bias)
            yield break;
        yield return Bias("attn_q", QueryWidth);
        yield return Bias("attn_k", KeyWidth);
        yield return Bias("attn_v", ValueWidth) with { GainEighths = BiasGain / 2 };
    }

    /// <summary>One projection to query, key and value, in this order.</summary>
    public IEnumerable<ForgeTensor> FusedQueryKeyValue(bool bias = false)
    {
        long width = QueryWidth + KeyWidth + ValueWidth;
        yield return Weight("attn_qkv", Shape.Embedding, width, AttentionGain);
        if (bias)
            yield return Bias("attn_qkv", width) with { GainEighths = BiasGain / 2 };
    }

    /// <summary>The projection of what was attended to back to the residual stream.</summary>
    public IEnumerable<ForgeTensor> AttentionOutput(bool bias = false)
    {
        yield return Back("attn_output", AttendedWidth);
        if (bias)
            yield return Bias("attn_output", Shape.Embedding) with { GainEighths = ResidualBiasGain };
    }

    /// <summary>The gated feed-forward: gate, up, down.</summary>
    public IEnumerable<ForgeTensor> GatedFeedForward(bool bias = false)
    {
        yield return Weight("ffn_gate", Shape.Embedding, Shape.FeedForward);
        yield return Weight("ffn_up", Shape.Embedding, Shape.FeedForward);
        yield return Back("ffn_down", Shape.FeedForward);
        if (!bias)
            yield break;
        yield return Bias("ffn_gate", Shape.FeedForward);
        yield return Bias("ffn_up", Shape.FeedForward);
        yield return Bias("ffn_down", Shape.Embedding) with { GainEighths = ResidualBiasGain };
    }

    /// <summary>The gated feed-forward with gate and up in one matrix.</summary>
    public IEnumerable<ForgeTensor> FusedGatedFeedForward() =>
        [Weight("ffn_up", Shape.Embedding, 2 * Shape.FeedForward), Back("ffn_down", Shape.FeedForward)];

    /// <summary>The feed-forward without a gate: up, down.</summary>
    public IEnumerable<ForgeTensor> FeedForward(bool bias = false)
    {
        yield return Weight("ffn_up", Shape.Embedding, Shape.FeedForward, AttentionGain);
        if (bias)
            yield return Bias("ffn_up", Shape.FeedForward) with { GainEighths = BiasGain / 2 };
        yield return Back("ffn_down", Shape.FeedForward);
        if (bias)
            yield return Bias("ffn_down", Shape.Embedding) with { GainEighths = ResidualBiasGain };
    }
}
