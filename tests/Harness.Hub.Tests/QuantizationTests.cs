using NUnit.Framework;

namespace Harness.Hub.Tests;

/// <summary>From a repository's file list to the files of a quantization, whatever the naming.</summary>
public sealed class QuantizationTests
{
    private static string[] Select(RepoListing listing, string quant) =>
        [.. FileSelection.Select(listing, new FileQuery { Quant = quant }).Select(f => f.Path)];

    private static RepoListing Listing(params string[] paths) => Listing("o/n", paths);

    private static RepoListing Listing(string repo, string[] paths) =>
        new(repo, "main", new string('c', 40), [.. paths.Select(p => new RepoFile(p, 1, new string('a', 40), null))]);

    private static readonly int[] Seeds = [.. Enumerable.Range(1, 600)];

    [Test]
    public void Every_quantization_of_every_publisher_brings_its_own_files_however_it_is_written() => Assert.Multiple(() =>
    {
        foreach (int seed in Seeds)
        {
            PublisherListings.Made made = PublisherListings.Of(seed);
            RepoListing listing = made.Listing(seed);
            foreach ((string quant, string[] paths) in made.Variants)
                Assert.That(Found(listing, Spelled(quant, seed)), Is.EqualTo(paths), $"seed {seed}: {made.Publisher} {quant} written '{Spelled(quant, seed)}'");
        }
    });

    [Test]
    public void What_is_not_weights_is_brought_by_no_quantization() => Assert.Multiple(() =>
    {
        foreach (int seed in Seeds)
        {
            PublisherListings.Made made = PublisherListings.Of(seed);
            RepoVariant[] variants = [.. RepoVariant.Of(made.Listing(seed))];
            foreach (string path in made.Others)
                Assert.That(variants.Single(v => v.First == path).Kind, Is.Not.EqualTo(RepoFileKind.Weights), $"seed {seed}: {made.Publisher} {path}");
            Assert.That(variants.Sum(v => v.Files.Count), Is.EqualTo(made.Listing(seed).Files.Count), "every file is somewhere, once");
        }
    });

    [Test]
    public void A_quantization_that_is_not_there_is_an_error_that_lists_what_is()
    {
        foreach (int seed in Seeds.Take(50))
        {
            HubException e = Assert.Throws<HubException>(() => Select(PublisherListings.Of(seed).Listing(seed), "Q7_K"))!;
            Assert.That(e.Failure, Is.EqualTo(HubFailure.NotFound));
            Assert.That(e.Advice, Does.Contain("there are: "));
        }
    }

    [Test]
    public void Any_path_can_be_read_in_a_moment()
    {
        string[] pieces = ["Q4", "_K", "-", "_", ".", "/", "IQ", "2", "M", "XXS", "UD-", "i1-", "imatrix", "f16", "gguf", ".gguf", "-00001-of-00002", "\u00e9", " ", "mmproj"];
        var random = new Random(11);
        for (int i = 0; i < 20_000; i++)
        {
            string path = string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.That(() => new FileNames("o/n").Read(path), Throws.Nothing, path);
        }

        string hostile = string.Concat(Enumerable.Repeat("Q4_K_", 200_000));
        Assert.That(() => new FileNames("o/n").Read(hostile + ".gguf"), Throws.Nothing);
    }

    private static string[] Found(RepoListing listing, string quant)
    {
        try
        {
            return Select(listing, quant);
        }
        catch (HubException e)
        {
            return [e.Message];
        }
    }

    private static string Spelled(string quant, int how) => (how & 3) switch
    {
        0 => quant,
        1 => quant.ToLowerInvariant(),
        2 => quant.Replace('_', '-'),
        _ => " " + quant.ToUpperInvariant().Replace("_K_", "_K", StringComparison.Ordinal),
    };

    [TestCase("Q4_K_M", "Q4_K_M", "")]
    [TestCase("q4-k-m", "Q4_K_M", "")]
    [TestCase("q4km", "Q4_K_M", "")]
    [TestCase("fp16", "F16", "")]
    [TestCase("BF16", "BF16", "")]
    [TestCase("ud-q4_k_xl", "Q4_K_XL", "UD")]
    [TestCase("i1-IQ2_XXS", "IQ2_XXS", "I1")]
    [TestCase("Q4_K_M-imat", "Q4_K_M", "I1")]
    [TestCase("IQ4_KS_R4", "IQ4_KS_R4", "")]
    [TestCase("IQ3_KT", "IQ3_KT", "")]
    [TestCase("Q4_0_4_4", "Q4_0_4_4", "")]
    [TestCase("mxfp4_moe", "MXFP4_MOE", "")]
    [TestCase("q8", "Q8", "")]
    public void A_quantization_is_read_as_people_write_it(string text, string name, string flavour) =>
        Assert.That(QuantLabel.Parse(text), Is.EqualTo(new QuantLabel(name, flavour)));

    [TestCase("")]
    [TestCase("best")]
    [TestCase("Q4_K_M.gguf")]
    [TestCase("model-Q4_K_M")]
    public void What_is_no_quantization_is_none(string text) => Assert.That(QuantLabel.Parse(text), Is.Null);

    [TestCase("Qwen2.5-0.5B-Instruct", null)]
    [TestCase("model-Q4-0.5B", null)]
    [TestCase("Phi-3-mini-4k-instruct-q4", "Q4")]
    [TestCase("gemma-3-4b-it-qat-q4_0", "Q4_0")]
    [TestCase("model.f16.q6_k", "Q6_K")]
    [TestCase("Q3-Nano-Q8_0", "Q8_0")]
    [TestCase("stories15M_MOE-F16", "F16")]
    public void A_file_name_tells_the_last_quantization_in_it(string stem, string? name) =>
        Assert.That(QuantLabel.FindIn(stem, out _)?.Name, Is.EqualTo(name));

    [TestCase("mmproj-F16.gguf", RepoFileKind.Projector)]
    [TestCase("llava-v1.5-7b-mmproj-model-f16.gguf", RepoFileKind.Projector)]
    [TestCase("Model.mmproj-Q8_0.gguf", RepoFileKind.Projector)]
    [TestCase("lora/model-f16.gguf", RepoFileKind.Adapter)]
    [TestCase("adapter_model.safetensors", RepoFileKind.Adapter)]
    [TestCase("model-draft-Q4_0.gguf", RepoFileKind.Draft)]
    [TestCase("Qwen3.5-9B-MTP-Q8_0.gguf", RepoFileKind.Draft)]
    [TestCase("imatrix.gguf", RepoFileKind.ImportanceMatrix)]
    [TestCase("m-imatrix-F16.gguf", RepoFileKind.ImportanceMatrix)]
    [TestCase("Qwen3-8B.imatrix", RepoFileKind.ImportanceMatrix)]
    [TestCase("m-Q4_K_M-imat.gguf", RepoFileKind.Weights)]
    [TestCase("m-iMat-IQ3_XXS.gguf", RepoFileKind.Weights)]
    [TestCase("m.Q6_K.gguf.part1of2", RepoFileKind.Fragment)]
    [TestCase("llama-2-70b.Q6_K.gguf-split-a", RepoFileKind.Fragment)]
    [TestCase("ggml-vocab-llama-bpe.gguf", RepoFileKind.Other)]
    [TestCase("README.md", RepoFileKind.Other)]
    public void A_name_tells_what_a_file_is_for(string path, RepoFileKind kind) =>
        Assert.That(new FileNames("o/n").Read(path).Kind, Is.EqualTo(kind));

    [Test]
    public void A_word_of_the_repositorys_own_name_marks_none_of_its_files()
    {
        Assert.That(new FileNames("o/alpaca-lora-7B-GGUF").Read("alpaca-lora-7b.Q4_K_M.gguf").Kind, Is.EqualTo(RepoFileKind.Weights));
        Assert.That(new FileNames("o/Qwen2.5-0.5B-DRAFT-GGUF").Read("Qwen2.5-0.5B-DRAFT-Q4_0.gguf").Kind, Is.EqualTo(RepoFileKind.Weights));
    }

    [Test]
    public void The_plain_file_is_meant_where_there_is_one_and_the_other_by_its_full_name()
    {
        RepoListing listing = Listing("m-Q4_K_M.gguf", "m-UD-Q4_K_M.gguf", "m.i1-Q4_K_M.gguf");
        Assert.That(Select(listing, "Q4_K_M"), Is.EqualTo(new[] { "m-Q4_K_M.gguf" }));
        Assert.That(Select(listing, "UD-Q4_K_M"), Is.EqualTo(new[] { "m-UD-Q4_K_M.gguf" }));
        Assert.That(Select(listing, "imat-Q4_K_M"), Is.EqualTo(new[] { "m.i1-Q4_K_M.gguf" }));
    }

    [Test]
    public void Two_models_at_one_quantization_are_ambiguous_and_both_are_listed()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing("2B-Q4_K_M.gguf", "9B-Q4_K_M.gguf", "9B-Q8_0.gguf"), "q4_k_m"))!;
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Ambiguous));
        Assert.That(e.Advice, Does.Contain("2B-Q4_K_M.gguf, 9B-Q4_K_M.gguf").And.Not.Contain("Q8_0"));
    }

    [Test]
    public void Two_ways_of_making_it_are_ambiguous_too()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing("m-UD-IQ2_M.gguf", "m.i1-IQ2_M.gguf"), "IQ2_M"))!;
        Assert.That(e.Failure, Is.EqualTo(HubFailure.Ambiguous));
    }

    [Test]
    public void A_file_cut_by_bytes_is_named_with_what_to_do()
    {
        HubException e = Assert.Throws<HubException>(() => Select(Listing("m.Q6_K.gguf.part1of2", "m.Q6_K.gguf.part2of2", "m.Q4_0.gguf"), "Q6_K"))!;
        Assert.That(e.What, Does.Contain("cut by bytes"));
        Assert.That(e.Advice, Does.Contain("join them").And.Contain("m.Q6_K.gguf.part1of2"));
    }

    [Test]
    public void A_quantization_nobody_knows_is_still_found_as_a_word() =>
        Assert.That(Select(Listing("m-EXQ5.gguf", "m-Q8_0.gguf"), "exq5"), Is.EqualTo(new[] { "m-EXQ5.gguf" }));
}
