namespace Harness.Formats.Forging;

/// <summary>
/// The tensors that most decoders share. Gains are chosen so that activations stay near one, attention picks out some
/// positions, and the first logit stands clear of the second.
/// </summary>
internal static class DecoderTensors
{
    private const int One = 8;
    private const int AttentionGain = One * 5 / 4;
    private const int BackGain = One * 3 / 2;
    private const int OutputGain = One * 4;
    private const int BiasGain = One / 2;

    /// <summary>Embedding, output norm, output head, rotary factors.</summary>
    public static IEnumerable<ForgeTensor> Ends(ForgeShape shape)
    {
        // A tied embedding is the output head: its gain is that of the head.
        yield return shape.TiedOutput
            ? new("token_embd.weight", [shape.Embedding, shape.Vocabulary], ForgeValues.Weights, OutputGain)
            : new("token_embd.weight", [shape.Embedding, shape.Vocabulary], ForgeValues.Absolute, One / 2);
        if (shape.RopeFactors)
            yield return new("rope_freqs.weight", [shape.HeadDimension / 2], ForgeValues.RotaryFactors);
        yield return new("output_norm.weight", [shape.Embedding], ForgeValues.Norm);
        if (!shape.TiedOutput)
            yield return new("output.weight", [shape.Embedding, shape.Vocabulary], ForgeValues.Weights, OutputGain);
    }

    /// <summary>Norm and separate projections to query, key and value, and back.</summary>
    public static IEnumerable<ForgeTensor> Attention(ForgeShape shape, int layer, bool biases)
    {
        long queries = (long)shape.Heads * shape.HeadDimension;
        long keys = (long)shape.KvHeads * shape.HeadDimension;
        yield return new($"blk.{layer}.attn_norm.weight", [shape.Embedding], ForgeValues.Norm);
        yield return new($"blk.{layer}.attn_q.weight", [shape.Embedding, queries], ForgeValues.Weights, AttentionGain);
        yield return new($"blk.{layer}.attn_k.weight", [shape.Embedding, keys], ForgeValues.Weights, AttentionGain);
        yield return new($"blk.{layer}.attn_v.weight", [shape.Embedding, keys], ForgeValues.Weights, One);
        if (biases)
        {
            yield return new($"blk.{layer}.attn_q.bias", [queries], ForgeValues.Absolute, BiasGain);
            yield return new($"blk.{layer}.attn_k.bias", [keys], ForgeValues.Absolute, BiasGain);
            yield return new($"blk.{layer}.attn_v.bias", [keys], ForgeValues.Absolute, BiasGain / 2);
        }

        yield return new($"blk.{layer}.attn_output.weight", [queries, shape.Embedding], ForgeValues.Weights, BackGain);
    }

    /// <summary>Norm and the gated feed-forward: gate, up, down.</summary>
    public static IEnumerable<ForgeTensor> GatedFeedForward(ForgeShape shape, int layer)
    {
        yield return new($"blk.{layer}.ffn_norm.weight", [shape.Embedding], ForgeValues.Norm);
        yield return new($"blk.{layer}.ffn_gate.weight", [shape.Embedding, shape.FeedForward], ForgeValues.Weights, One);
        yield return new($"blk.{layer}.ffn_up.weight", [shape.Embedding, shape.FeedForward], ForgeValues.Weights, One);
        yield return new($"blk.{layer}.ffn_down.weight", [shape.FeedForward, shape.Embedding], ForgeValues.Weights, BackGain);
    }
}
