namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>What a matrix does in a model, as far as mixtures care; told from its name.</summary>
internal enum TensorRole
{
    /// <summary>None of the others.</summary>
    Other,

    /// <summary>The token embedding.</summary>
    Embedding,

    /// <summary>The output head.</summary>
    Output,

    /// <summary>The query projection.</summary>
    AttentionQuery,

    /// <summary>The key projection.</summary>
    AttentionKey,

    /// <summary>The value projection.</summary>
    AttentionValue,

    /// <summary>Query, key and value in one.</summary>
    AttentionFused,

    /// <summary>From the latent vector to keys and values, in multi-head latent attention.</summary>
    AttentionLatent,

    /// <summary>From the heads back.</summary>
    AttentionOutput,

    /// <summary>The feed-forward's gate.</summary>
    FeedForwardGate,

    /// <summary>The feed-forward's way up.</summary>
    FeedForwardUp,

    /// <summary>The feed-forward's way down.</summary>
    FeedForwardDown,
}

/// <summary>Tells roles from names.</summary>
internal static class TensorRoles
{
    // The first that a name contains decides.
    private static readonly (string Part, TensorRole Role)[] Parts =
    [
        ("attn_qkv.weight", TensorRole.AttentionFused),
        ("attn_kv_b.weight", TensorRole.AttentionLatent),
        ("attn_v.weight", TensorRole.AttentionValue),
        ("attn_k.weight", TensorRole.AttentionKey),
        ("attn_q.weight", TensorRole.AttentionQuery),
        ("attn_output.weight", TensorRole.AttentionOutput),
        ("ffn_up", TensorRole.FeedForwardUp),
        ("ffn_gate", TensorRole.FeedForwardGate),
        ("ffn_down", TensorRole.FeedForwardDown),
    ];

    /// <summary>The role of a tensor.</summary>
    /// <param name="name">Its GGUF name.</param>
    public static TensorRole Of(string name)
    {
        if (name == "output.weight") return TensorRole.Output;
        if (IsEmbedding(name)) return TensorRole.Embedding;
        return Array.Find(Parts, part => name.Contains(part.Part, StringComparison.Ordinal)).Role;
    }

    /// <summary>Whether a role is that of a value projection, alone or with others: the one that suffers most from few bits.</summary>
    public static bool IsValue(this TensorRole role) =>
        role is TensorRole.AttentionValue or TensorRole.AttentionFused or TensorRole.AttentionLatent;

    /// <summary>Whether a name is that of a token embedding.</summary>
    public static bool IsEmbedding(string name) => name is "token_embd.weight" or "per_layer_token_embd.weight";

    /// <summary>The layer a name speaks of (<c>blk.12.ffn_down.weight</c>: 12); −1 for none.</summary>
    public static int LayerOf(string name)
    {
        if (!name.StartsWith("blk.", StringComparison.Ordinal)) return -1;
        int end = 4;
        while (end < name.Length && end < 12 && char.IsAsciiDigit(name[end])) end++;
        return end > 4 ? int.Parse(name.AsSpan(4, end - 4), System.Globalization.CultureInfo.InvariantCulture) : -1;
    }
}
