namespace Harness.Formats.Quantizing.Mixtures;

/// <summary>
/// Which tensors are quantized at all: matrices named <c>….weight</c>, except norms, routers, and the many small ones
/// that architectures have (<c>tensor_allows_quantization</c> in llama-quant.cpp).
/// </summary>
internal static class QuantizedTensors
{
    private static readonly string[] KeptParts =
    [
        // Norms and expert routers.
        "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight",

        // Gemma 3n's small matrices.
        "altup", "laurel", "per_layer_model_proj",

        // Convolutions of state-space and short-convolution blocks.
        "ssm_conv1d", "shortconv.conv.weight",

        // Indexers of sparse attention.
        "indexer.k_proj.weight", "indexer.q_proj.weight",

        // RWKV's small matrices.
        "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight",
        "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight",
        "time_mix_g1.weight", "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
        "time_mix_lerp_fused.weight",

        // Positions, and what encoders of images and sound have.
        "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd", ".patch_merger",
        "a.rvq.codebook", "mm.a.code_embd",
    ];

    /// <summary>Whether a tensor is quantized.</summary>
    /// <param name="name">Its GGUF name.</param>
    /// <param name="shape">Its shape, row length first.</param>
    public static bool Contain(string name, IReadOnlyList<long> shape) =>
        Dimensions(shape) >= 2
        && name.EndsWith("weight", StringComparison.Ordinal)
        && name is not ("position_embd.weight" or "token_types.weight")
        && !Array.Exists(KeptParts, part => name.Contains(part, StringComparison.Ordinal));

    // Lengths of 1 at the end do not make a vector a matrix.
    private static int Dimensions(IReadOnlyList<long> shape)
    {
        int count = shape.Count;
        while (count > 1 && shape[count - 1] == 1) count--;
        return count;
    }
}
