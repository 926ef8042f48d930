using NUnit.Framework;

namespace Harness.Hub.Tests;

public sealed class FileSelectionTests
{
    private static readonly string Oid = new('a', 40);

    private static RepoListing Listing(params string[] paths) =>
        new("o/n", "main", new string('c', 40), [.. paths.Order(StringComparer.Ordinal).Select(p => new RepoFile(p, 1, Oid, null))]);

    private static string[] Select(RepoListing listing, string? file = null, string? quant = null) =>
        [.. FileSelection.Select(listing, new FileQuery { File = file, Quant = quant }).Select(f => f.Path)];

    [TestCase("model-Q4_K_M.gguf", "q4_k_m", true)]
    [TestCase("model-q4_k_m.gguf", "Q4_K_M", true)]
    [TestCase("model.Q4_K_M.gguf", "Q4-K-M", true)]
    [TestCase("model_q4_k_m.gguf", "Q4_K_M", true)]
    [TestCase("Q4_K_M/model-00001-of-00002.gguf", "Q4_K_M", true)]
    [TestCase("model-Q4_K_M-00001-of-00002.gguf", "Q4_K_M", true)]
    [TestCase("model-UD-Q4_K_XL.gguf", "Q4_K_XL", true)]
    [TestCase("model-Q4_K_M.gguf", "Q4_K", false)]
    [TestCase("model-IQ4_XS.gguf", "Q4_XS", false)]
    [TestCase("model-BF16.gguf", "F16", false)]
    [TestCase("model-Q4_0.gguf", "Q4", false)]
    [TestCase("model-Q4_0_4_4.gguf", "Q4_0", false)]
    [TestCase("model-F16.gguf", "f16", true)]
    public void A_quantization_is_matched_as_a_whole_word_in_any_case(string path, string quant, bool fits) =>
        Assert.That(Picks(path, quant), Is.EqualTo(fits));

    private static bool Picks(string path, string quant)
    {
        string[] shards = path.Contains("-00001-of-00002") ? [path, path.Replace("-00001-", "-00002-")] : [path];
        try
        {
            return Select(Listing(shards), quant: quant).Length > 0;
        }
        catch (HubException e) when (e.Failure == HubFailure.NotFound)
        {
            return false;
        }
    }

    [Test]
    public void Projectors_and_importance_matrices_are_not_weights() =>
        Assert.That(Select(Listing("m-F16.gguf", "mmproj-m-F16.gguf", "m-imatrix-F16.gguf"), quant: "F16"), Is.EqualTo(new[] { "m-F16.gguf" }));

    [Test]
    public void But_they_can_be_named() =>
        Assert.That(Select(Listing("m-F16.gguf", "mmproj-m-F16.gguf"), "mmproj*.gguf"), Is.EqualTo(new[] { "mmproj-m-F16.gguf" }));

    [TestCase("*q4_k_m*.gguf")]
    [TestCase("M-q4_K_m.GGUF")]
    [TestCase("gg/m-?4_k_m.gguf")]
    public void Globs_and_names_ignore_case(string pattern) =>
        Assert.That(Select(Listing("gg/m-Q4_K_M.gguf", "M-Q8_0.gguf"), pattern.StartsWith('M') ? "gg/" + pattern : pattern), Is.EqualTo(new[] { "gg/m-Q4_K_M.gguf" }));

    [Test]
    public void A_name_in_its_own_case_wins_over_its_twin() =>
        Assert.That(Select(Listing("M.gguf", "m.gguf"), "m.gguf"), Is.EqualTo(new[] { "m.gguf" }));

    [Test]
    public void What_fits_twice_is_an_error_that_lists_both()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing("a-Q8_0.gguf", "b-Q8_0.gguf", "b-Q4_0.gguf"), quant: "Q8_0"))!;
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Ambiguous));
        Assert.That(e.Advice, Does.Contain("a-Q8_0.gguf, b-Q8_0.gguf").And.Not.Contain("Q4_0"));
    }

    [Test]
    public void A_missing_shard_is_named()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing("a-00001-of-00003.gguf", "a-00003-of-00003.gguf"), quant: null))!;
        Assert.That(e.Failure, Is.EqualTo(HubFailure.NotFound));
        Assert.That(e.Advice, Does.Contain("a-00002-of-00003.gguf"));
    }

    [Test]
    public void Without_a_query_the_only_gguf_is_meant() =>
        Assert.That(Select(Listing("README.md", "a-Q8_0.gguf", "mmproj.gguf")), Is.EqualTo(new[] { "a-Q8_0.gguf" }));

    [Test]
    public void Without_gguf_the_safetensors_come_with_what_they_need() => Assert.That(
        Select(Listing(
            "README.md", "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "model.safetensors.index.json", "original/consolidated.safetensors", "tokenizer.json", "tokenizer.model", "train.py")),
        Is.EquivalentTo(new[]
        {
            "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "model.safetensors.index.json", "tokenizer.json", "tokenizer.model",
        }));

    [Test]
    public void A_long_listing_is_cut_and_says_so()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing([.. Enumerable.Range(0, 500).Select(i => $"m-{i}.gguf")]), quant: "Q8_0"))!;
        Assert.That(e.Advice, Does.Contain("and 480 more"));
        Assert.That(e.Message, Has.Length.LessThan(1000));
    }
}
