using NUnit.Framework;

namespace Harness.Matrix.Tests;

/// <summary>The catalogue of the repository says what it should.</summary>
public sealed class CarriedCatalogueTests
{
    private static readonly LoadedMatrix Loaded = RepositoryFiles.Load();

    private static readonly EnvironmentFacts Online = new("linux-x64", []) { NpmPresent = true };

    [Test]
    public void The_default_profile_is_nano_and_two_probes_at_three_quants_on_builtin_and_two_llama_cpp_builds()
    {
        Plan plan = Plan.Create(Loaded.Catalogue, Loaded.File, new(), Online);

        Assert.That(plan.Cells, Has.Count.EqualTo(3 * 3 * 3));
        Assert.That(plan.ToTry, Is.EqualTo(27));
        Assert.That(plan.Cells.Select(cell => cell.Cell.Model).Distinct(), Is.EquivalentTo(new[] { "nano", "probe-llama", "probe-qwen2" }));
        Assert.That(plan.Cells.Select(cell => cell.Cell.Quant).Distinct(), Is.EquivalentTo(new[] { "F16", "Q8_0", "Q4_K_M" }));
        Assert.That(plan.Cells.Select(cell => cell.Cell.Backend.ToString()).Distinct(), Is.EqualTo(new[] { "builtin", "llama.cpp@b8390", "llama.cpp@v0.5.0" }));
        Assert.That(plan.Cells.Select(cell => cell.Cell.Hardware).Distinct(), Is.EqualTo(new[] { "cpu" }));
        Assert.That(plan.Cells.Where(cell => cell.Expectation is null), Is.Empty);
        Assert.That(plan.Cells.Where(cell => cell.Prompts.Count == 0), Is.Empty);
    }

    [Test]
    public void The_nightly_profile_tries_all_hub_models_and_five_llama_cpp_builds()
    {
        Plan plan = Plan.Create(Loaded.Catalogue, Loaded.File, new() { Profile = "nightly" }, Online);

        Assert.That(plan.Cells.Select(cell => cell.Cell.Model).Distinct(), Is.SupersetOf(
            new[] { "qwen2.5-0.5b", "qwen2.5-1.5b", "tinyllama-1.1b", "deepseek-coder-1.3b", "mistral-7b-v0.2" }));
        Assert.That(plan.Cells.Where(cell => cell.Cell.Model == "nano").Select(cell => cell.Cell.Backend.ToString()).Distinct(),
            Is.EqualTo(new[] { "builtin", "llama.cpp@b4600", "llama.cpp@b5640", "llama.cpp@b7347", "llama.cpp@b8390", "llama.cpp@v0.5.0" }));
        Assert.That(plan.Cells.Where(cell => cell.Blocked is not null), Is.Empty);
    }

    // Weights of the published models, as their own pages and safetensors headers count them.
    [TestCase("qwen2.5-0.5b", 494_032_768)]
    [TestCase("qwen2.5-1.5b", 1_543_714_304)]
    [TestCase("tinyllama-1.1b", 1_100_048_384)]
    [TestCase("deepseek-coder-1.3b", 1_346_471_936)]
    [TestCase("mistral-7b-v0.2", 7_241_732_096)]
    public void A_published_shape_adds_up_to_the_published_parameter_count(string model, long parameters) =>
        Assert.That(Loaded.Catalogue.FindModel(model)!.Shape!.ParameterCount, Is.EqualTo(parameters));

    // Sizes a tested document saw on disk, in its MB of 2^20 and GB of 2^30 bytes.
    [TestCase("qwen2.5-0.5b", 469)]
    [TestCase("qwen2.5-1.5b", 1.04 * 1024)]
    [TestCase("tinyllama-1.1b", 638)]
    [TestCase("deepseek-coder-1.3b", 833)]
    [TestCase("mistral-7b-v0.2", 4.07 * 1024)]
    public void An_estimated_file_is_near_the_size_somebody_saw(string model, double mebibytes)
    {
        Plan plan = Plan.Create(Loaded.Catalogue, Loaded.File, new() { Models = [model], Quants = ["Q4_K_M"] }, Online);
        double estimated = plan.Cells[0].Variant.EstimatedFileBytes!.Value / (double)(1 << 20);
        // The 0.5B model's rows are not divisible by 256: a third of its file is in wider formats than the name says.
        Assert.That(estimated / mebibytes, Is.InRange(0.6, 1.1));
    }

    [Test]
    public void Every_model_is_spoken_to_through_its_own_template() => Assert.Multiple(() =>
    {
        foreach (ModelEntry model in Loaded.Catalogue.Models)
            Assert.That(Loaded.Catalogue.ConversationFor(model.Id)?.Messages.Select(m => m.Role), Is.EqualTo(new[] { "system", "user" }), model.Id);
    });

    [Test]
    public void Every_transcript_of_a_tested_document_satisfies_its_own_predicates()
    {
        PromptEntry[] prompts = Loaded.Catalogue.Prompts.Where(prompt => prompt.Transcripts.Count > 0).ToArray();
        Assert.That(prompts, Has.Length.EqualTo(8));
        foreach (PromptEntry prompt in prompts)
        {
            foreach (Transcript transcript in prompt.Transcripts)
            {
                Assert.That(transcript.Text, Does.StartWith(prompt.Text!));
                string generated = transcript.Text[prompt.Text!.Length..];
                Assert.That(prompt.Expect, Is.Not.Empty);
                Assert.That(prompt.Expect.Where(predicate => !predicate.Holds(generated)), Is.Empty, prompt.Id);
                Assert.That(prompt.AppliesTo(transcript.Model), Is.True);
            }
        }
    }

    [Test]
    public void A_quantized_nano_names_the_variant_it_is_made_from_and_its_file()
    {
        Plan plan = Plan.Create(Loaded.Catalogue, Loaded.File, new() { Models = ["nano"] }, Online);
        Variant quantized = plan.Cells.First(cell => cell.Cell.Quant == "Q4_K_M").Variant;
        Assert.That(quantized.Origin, Is.EqualTo(VariantOrigin.Quantized));
        Assert.That(quantized.Parent!.Id, Is.EqualTo("nano/F16"));
        Assert.That(quantized.Parent.Origin, Is.EqualTo(VariantOrigin.Trained));
        Assert.That(quantized.Parent.LocalFile, Is.EqualTo(Path.Combine(Loaded.Catalogue.Directory, "weights", "nano-f16.gguf")));
    }

    [TestCase("b4600", "3.5.0")]
    [TestCase("b5640", "3.10.0")]
    [TestCase("b7347", "3.14.5")]
    [TestCase("b8390", "3.18.1")]
    [TestCase("v0.5.0", "3.22.1")]
    public void Each_llama_cpp_build_is_had_from_the_npm_release_that_holds_it(string version, string release)
    {
        BackendBuild build = Loaded.Catalogue.FindBuild(BackendId.Parse("llama.cpp@" + version))!;
        BackendPackage package = build.FindPackage("linux-x64", "cpu")!;
        Assert.That((package.Registry, package.Name, package.Version), Is.EqualTo(("npm", "@node-llama-cpp/linux-x64", release)));
    }
}
