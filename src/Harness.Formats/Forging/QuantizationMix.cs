using System.Globalization;
using Harness.Formats.Tensors;

namespace Harness.Formats.Forging;

/// <summary>
/// Which type each tensor has in a file of a given quantization: the mixtures of llama.cpp's quantizer
/// (<c>llama_tensor_get_type</c> in llama-quant.cpp), so that a forged <c>Q4_K_M</c> has the types of a real one.
/// <c>Q4_K</c>, <c>Q5_K</c> and <c>MXFP4</c> are pure: every matrix has that type.
/// </summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="FileType">The number in <c>general.file_type</c> (llama.cpp's <c>llama_ftype</c>).</param>
/// <param name="Base">The type of most matrices.</param>
/// <param name="OutputIsQ6_K">Whether the output head is at least Q6_K.</param>
/// <param name="MoreBits">Whether half of the value and down projections are Q6_K.</param>
/// <param name="ExpertsAreMXFP4">Whether tensors that stack experts are MXFP4.</param>
internal sealed record QuantizationMix(string Name, uint FileType, TensorType Base, bool OutputIsQ6_K = false, bool MoreBits = false, bool ExpertsAreMXFP4 = false)
{
    // Matrices that llama.cpp never quantizes: convolutions, RWKV's low ranks and mixing, Gemma 3n's streams.
    private static readonly string[] SmallMatrices =
    [
        "ssm_conv1d", "shortconv.conv", "time_mix_first", "time_mix_w0", "time_mix_w1", "time_mix_w2", "time_mix_v0",
        "time_mix_v1", "time_mix_v2", "time_mix_a0", "time_mix_a1", "time_mix_a2", "time_mix_g1", "time_mix_g2",
        "time_mix_decay_w1", "time_mix_decay_w2", "time_mix_lerp_fused", "altup", "laurel", "per_layer_model_proj",
        "attn_rel_b",
    ];

    private const int SuperBlock = 256;
    private const int SmallBlock = 32;

    public static IReadOnlyList<QuantizationMix> All { get; } =
    [
        new("F32", 0, TensorType.F32),
        new("F16", 1, TensorType.F16),
        new("BF16", 32, TensorType.BF16),
        new("Q4_0", 2, TensorType.Q4_0, OutputIsQ6_K: true),
        new("Q8_0", 7, TensorType.Q8_0),
        new("Q4_K", 14, TensorType.Q4_K),
        new("Q4_K_M", 15, TensorType.Q4_K, OutputIsQ6_K: true, MoreBits: true),
        new("Q5_K", 16, TensorType.Q5_K),
        new("Q5_K_M", 17, TensorType.Q5_K, OutputIsQ6_K: true, MoreBits: true),
        new("Q6_K", 18, TensorType.Q6_K),
        new("MXFP4", 38, TensorType.MXFP4),
        new("MXFP4_MOE", 38, TensorType.Q8_0, ExpertsAreMXFP4: true),
    ];

    /// <summary>A quantization by its name.</summary>
    /// <exception cref="ForgeException">There is none of that name; says which there are.</exception>
    public static QuantizationMix Get(string name) =>
        All.FirstOrDefault(q => string.Equals(q.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new ForgeException(
            $"the quantization '{name}' cannot be forged", "quantization", $"Known are: {string.Join(", ", All.Select(q => q.Name))}.");

    /// <summary>The type of one tensor.</summary>
    /// <param name="name">The tensor's GGUF name.</param>
    /// <param name="shape">Its shape, row length first.</param>
    /// <param name="layers">How many blocks the model has.</param>
    /// <param name="tied">Whether the token embedding is the output head.</param>
    /// <returns>A tensor type's number; of Q5_0 and Q5_1 too, where rows are no multiple of 256.</returns>
    public uint TypeOf(string name, IReadOnlyList<long> shape, int layers, bool tied)
    {
        if (!IsQuantized(name, shape))
            return (uint)TensorType.F32;
        if (Base is TensorType.F32 or TensorType.F16 or TensorType.BF16)
            return (uint)Base;
        bool output = name == "output.weight" || (tied && name == "token_embd.weight");
        TensorType type = ExpertsAreMXFP4 && shape.Count > 2 && shape[2] > 1 ? TensorType.MXFP4 : Base;
        if (output && OutputIsQ6_K)
            type = TensorType.Q6_K;
        else if (MoreBits && IsFavoured(name) && UsesMoreBits(LayerOf(name), layers))
            type = TensorType.Q6_K;
        if (shape[0] % SmallBlock != 0)
            return (uint)TensorType.F16;
        return shape[0] % SuperBlock == 0 ? (uint)type : type switch
        {
            TensorType.Q4_K => (uint)TensorType.Q5_0,
            TensorType.Q5_K => (uint)TensorType.Q5_1,
            TensorType.Q6_K => (uint)TensorType.Q8_0,
            _ => (uint)type,
        };
    }

    /// <summary>Whether a tensor is quantized at all; vectors and a few small matrices stay as they are.</summary>
    /// <param name="name">The tensor's GGUF name.</param>
    /// <param name="shape">Its shape, row length first.</param>
    public static bool IsQuantized(string name, IReadOnlyList<long> shape) => shape.Count >= 2 && !IsKeptInF32(name);

    /// <summary>The first and the last eighth of the layers, and every third between.</summary>
    public static bool UsesMoreBits(int layer, int layers) =>
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - (layers / 8)) % 3 == 2;

    private static bool IsFavoured(string name) =>
        name.EndsWith("attn_v.weight", StringComparison.Ordinal) || name.Contains("ffn_down", StringComparison.Ordinal);

    private static bool IsKeptInF32(string name) =>
        !name.EndsWith("weight", StringComparison.Ordinal)
        || name.EndsWith("_norm.weight", StringComparison.Ordinal)
        || name.Contains("ffn_gate_inp.weight", StringComparison.Ordinal)
        || name is "position_embd.weight" or "token_types.weight"
        || SmallMatrices.Any(part => name.Contains(part, StringComparison.Ordinal));

    // blk.12.ffn_down.weight → 12
    private static int LayerOf(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : 0;
    }
}
