using Harness.Formats.Quantizing.Mixtures;
using Harness.Formats.Tensors;
using NUnit.Framework;

namespace Harness.Formats.Tests.Quantizing;

/// <summary>
/// The types inside a file are those that llama.cpp's quantizer chooses; that they are, for every architecture, the tests of
/// Harness.Workers show with llama.cpp itself. Here: what people know of its files.
/// </summary>
public class MixtureTests
{
    private static readonly MixtureFacts Plain = new("llama", Layers: 24, Experts: 0, Heads: 12, KeyValueHeads: 6);

    [Test]
    public void Half_of_the_value_and_down_projections_get_more_bits()
    {
        IReadOnlyDictionary<string, TensorType> types = Types("q4_k_m", Plain, 512);
        int[] favoured = [.. Enumerable.Range(0, 24).Where(i => types[$"blk.{i}.ffn_down.weight"] == TensorType.Q6_K)];

        // As in llama.cpp's own Q4_K_M of 24-layer models.
        Assert.That(favoured, Is.EqualTo(new[] { 0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23 }));
        Assert.That(types["blk.5.attn_v.weight"], Is.EqualTo(TensorType.Q6_K));
        Assert.That(types["blk.5.attn_q.weight"], Is.EqualTo(TensorType.Q4_K));
    }

    [TestCase(false, TensorType.Q6_K, TensorType.Q4_K)]
    [TestCase(true, null, TensorType.Q6_K)]
    public void The_output_head_gets_more_bits_whichever_tensor_it_is(bool tied, TensorType? output, TensorType embedding)
    {
        IReadOnlyDictionary<string, TensorType> types = Types("Q4_K_M", Plain, 512, tied);
        Assert.That(types.TryGetValue("output.weight", out TensorType head) ? head : (TensorType?)null, Is.EqualTo(output));
        Assert.That(types["token_embd.weight"], Is.EqualTo(embedding));
    }

    [Test]
    public void Rows_that_are_no_multiple_of_256_fall_back_to_smaller_blocks()
    {
        IReadOnlyDictionary<string, TensorType> types = Types("Q4_K_M", Plain, 896, tied: true);
        Assert.Multiple(() =>
        {
            Assert.That(types["blk.3.attn_q.weight"], Is.EqualTo(TensorType.Q5_0));
            Assert.That(types["blk.2.attn_v.weight"], Is.EqualTo(TensorType.Q8_0));
            Assert.That(types["token_embd.weight"], Is.EqualTo(TensorType.Q8_0));
            Assert.That(Types("Q5_K_M", Plain, 896)["blk.3.attn_q.weight"], Is.EqualTo(TensorType.Q5_1));
            Assert.That(Types("IQ4_XS", Plain, 896)["blk.3.attn_q.weight"], Is.EqualTo(TensorType.IQ4_NL));
            Assert.That(Types("Q3_K_S", Plain, 896)["blk.3.attn_q.weight"], Is.EqualTo(TensorType.Q4_0));
            Assert.That(Types("Q8_0", Plain, 40)["blk.3.attn_q.weight"], Is.EqualTo(TensorType.F16), "nothing else fits");
        });
    }

    [Test]
    public void Only_experts_are_MXFP4_in_MXFP4_MOE()
    {
        (string, IReadOnlyList<long>)[] tensors =
            [("blk.0.ffn_up_exps.weight", [64, 128, 4]), ("blk.0.attn_q.weight", [64, 64]), ("token_embd.weight", [64, 100]), ("output.weight", [64, 100])];
        IReadOnlyDictionary<string, TensorType> types = Mixture.Find("MXFP4_MOE")!.TypesOf(Plain with { Experts = 4 }, tensors);
        Assert.That(types.Where(t => t.Value == TensorType.MXFP4).Select(t => t.Key), Is.EqualTo(new[] { "blk.0.ffn_up_exps.weight" }));
        Assert.That(types["token_embd.weight"], Is.EqualTo(TensorType.Q8_0));
    }

    [TestCase("blk.0.attn_norm.weight", new long[] { 512, 2 })]
    [TestCase("blk.0.ffn_gate_inp.weight", new long[] { 512, 8 })]
    [TestCase("blk.0.attn_q.bias", new long[] { 512, 2 })]
    [TestCase("output_norm.weight", new long[] { 512 })]
    [TestCase("blk.0.ffn_gate_inp_shexp.weight", new long[] { 512, 1 })]
    [TestCase("blk.0.ssm_conv1d.weight", new long[] { 4, 512 })]
    public void What_is_small_or_steers_stays_as_it_is(string name, long[] shape)
    {
        foreach (Mixture mixture in Mixture.All)
            Assert.That(mixture.TypesOf(Plain, [(name, shape)]), Is.Empty, mixture.Name);
    }

    [Test]
    public void What_a_user_decides_goes_before_the_mixture()
    {
        var choices = new MixtureChoices
        {
            Embedding = TensorType.Q8_0,
            Tensors = [("blk.1.*", TensorType.F16), ("*ffn_down*", TensorType.Q5_K), ("*", TensorType.Q2_K)],
        };
        IReadOnlyDictionary<string, TensorType> types = Types("Q4_K_M", Plain, 512, choices: choices);
        Assert.Multiple(() =>
        {
            Assert.That(types["token_embd.weight"], Is.EqualTo(TensorType.Q8_0));
            Assert.That(types["blk.1.ffn_down.weight"], Is.EqualTo(TensorType.F16), "the first that matches");
            Assert.That(types["blk.2.ffn_down.weight"], Is.EqualTo(TensorType.Q5_K));
            Assert.That(types["blk.2.attn_q.weight"], Is.EqualTo(TensorType.Q2_K));
            Assert.That(Types("Q4_K_M", Plain, 512, choices: new() { KeepOutput = true }), Does.Not.ContainKey("output.weight"));
            Assert.That(Types("Q4_K_M", Plain, 512, choices: new() { Pure = true }).Values, Is.All.EqualTo(TensorType.Q4_K));
        });
    }

    private static IReadOnlyDictionary<string, TensorType> Types(
        string mixture, MixtureFacts facts, long rowLength, bool tied = false, MixtureChoices? choices = null)
    {
        IReadOnlyList<long> shape = [rowLength, 256];
        IEnumerable<string> names = Enumerable.Range(0, facts.Layers)
            .SelectMany(i => new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }.Select(n => $"blk.{i}.{n}.weight"))
            .Concat(["token_embd.weight"])
            .Concat(tied ? [] : ["output.weight"]);
        return Mixture.Find(mixture)!.TypesOf(facts, names.Select(n => (n, shape)), choices);
    }
}
