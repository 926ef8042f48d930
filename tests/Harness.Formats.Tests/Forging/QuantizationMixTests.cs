using Harness.Formats.Forging;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Forging;

/// <summary>The types inside a file are those that llama.cpp's quantizer chooses.</summary>
public class QuantizationMixTests
{
    private static readonly long[] Wide = [512, 256];
    private static readonly long[] Odd = [896, 256];

    [Test]
    public void Half_of_the_value_and_down_projections_get_more_bits()
    {
        var mix = QuantizationMix.Get("q4_k_m");
        int[] favoured = [.. Enumerable.Range(0, 24).Where(i => mix.TypeOf($"blk.{i}.ffn_down.weight", Wide, 24, tied: false) == (uint)TensorType.Q6_K)];

        // As in llama.cpp's own Q4_K_M of 24-layer models.
        Assert.That(favoured, Is.EqualTo(new[] { 0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23 }));
        Assert.That(mix.TypeOf("blk.5.attn_v.weight", Wide, 24, tied: false), Is.EqualTo((uint)TensorType.Q6_K));
        Assert.That(mix.TypeOf("blk.5.attn_q.weight", Wide, 24, tied: false), Is.EqualTo((uint)TensorType.Q4_K));
    }

    [Test]
    public void The_output_head_gets_more_bits_whichever_tensor_it_is()
    {
        var mix = QuantizationMix.Get("Q4_K_M");
        Assert.Multiple(() =>
        {
            Assert.That(mix.TypeOf("output.weight", Wide, 24, tied: false), Is.EqualTo((uint)TensorType.Q6_K));
            Assert.That(mix.TypeOf("token_embd.weight", Wide, 24, tied: false), Is.EqualTo((uint)TensorType.Q4_K));
            Assert.That(mix.TypeOf("token_embd.weight", Wide, 24, tied: true), Is.EqualTo((uint)TensorType.Q6_K));
        });
    }

    [Test]
    public void Rows_that_are_no_multiple_of_256_fall_back_to_smaller_blocks()
    {
        var mix = QuantizationMix.Get("Q4_K_M");
        Assert.Multiple(() =>
        {
            Assert.That(mix.TypeOf("blk.3.attn_q.weight", Odd, 24, tied: true), Is.EqualTo((uint)TensorType.Q5_0));
            Assert.That(mix.TypeOf("blk.2.attn_v.weight", Odd, 24, tied: true), Is.EqualTo((uint)TensorType.Q8_0));
            Assert.That(mix.TypeOf("token_embd.weight", Odd, 24, tied: true), Is.EqualTo((uint)TensorType.Q8_0));
            Assert.That(QuantizationMix.Get("Q5_K_M").TypeOf("blk.3.attn_q.weight", Odd, 24, tied: true), Is.EqualTo((uint)TensorType.Q5_1));
        });
    }

    [Test]
    public void Vectors_stay_in_F32()
    {
        Assert.That(
            QuantizationMix.All.Select(m => m.TypeOf("blk.0.attn_norm.weight", [512], 24, tied: false)), Is.All.EqualTo((uint)TensorType.F32));
    }
}
