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

    // What makers publish of models with experts, windows, latent attention, norms of queries and keys.
    [TestCase("llama-3.1-70b", 70_553_706_496)]
    [TestCase("gemma-2-9b", 9_241_705_984)]
    [TestCase("gemma-3-1b", 999_885_952)]
    [TestCase("mixtral-8x7b", 46_702_792_704)]
    [TestCase("qwen3-30b-a3b", 30_532_122_624)]
    [TestCase("qwen3-235b-a22b", 235_093_634_560)]
    [TestCase("deepseek-coder-v2-lite", 15_706_484_224)]
    public void A_shape_with_experts_windows_or_latents_adds_up_to_the_published_count_too(string model, long parameters) =>
        Assert.That(Loaded.Catalogue.FindModel(model)!.Shape!.ParameterCount, Is.EqualTo(parameters));

    [Test]
    public void Every_shape_adds_up_to_what_its_makers_count() => Assert.Multiple(() =>
    {
        foreach (ModelEntry model in Loaded.Catalogue.Models)
        {
            if (model is not { Shape: { } shape, Parameters: { } published }) continue;
            // A vision tower is counted by makers and is no part of the decoder.
            double least = model.Notes?.Contains("vision part", StringComparison.Ordinal) == true ? 0.8 : 0.99;
            Assert.That(shape.ParameterCount / (double)published, Is.InRange(least, 1.01), model.Id);
            if (model.ActiveParameters is { } active)
                Assert.That(shape.ActiveParameterCount / (double)active, Is.InRange(0.8, 1.2), model.Id);
            else
                Assert.That(shape.ActiveParameterCount, Is.EqualTo(shape.ParameterCount), model.Id);
        }
    });

    [Test]
    public void Every_model_of_a_hub_says_its_licence_its_base_and_its_size() => Assert.Multiple(() =>
    {
        foreach (ModelEntry model in Loaded.Catalogue.Models.Where(m => m.Origin == VariantOrigin.Hub))
        {
            Assert.That(model.License, Is.Not.Null, model.Id);
            Assert.That(model.Parameters, Is.Not.Null, model.Id);
            Assert.That(model.Base is not null || model.Notes is not null, model.Id);
        }
    });

    // By the words of the five documents this project answers.
    [TestCase("deepseek*"), TestCase("gemma-2-2b"), TestCase("gemma-2-9b"), TestCase("gemma-3-1b"), TestCase("gemma-3-4b"), TestCase("gemma-3-12b")]
    [TestCase("glm-4.6v-flash"), TestCase("gpt-oss-20b"), TestCase("llama-3.1-8b"), TestCase("llama-3.1-70b"), TestCase("llama-3.2-1b"), TestCase("llama-3.2-3b")]
    [TestCase("llava*"), TestCase("minicpm-v-2.6"), TestCase("mistral-nemo-12b"), TestCase("mistral-7b-v0.2"), TestCase("phi-2"), TestCase("phi-3-mini-4k"), TestCase("phi-4")]
    [TestCase("phi-mini-moe"), TestCase("mixtral-8x7b"), TestCase("qwen2-0.5b"), TestCase("qwen2.5-0.5b"), TestCase("qwen2.5-1.5b"), TestCase("qwen2.5-3b"), TestCase("qwen2.5-7b")]
    [TestCase("qwen2.5-14b"), TestCase("qwen2.5-vl-3b"), TestCase("qwen2.5-vl-7b"), TestCase("qwen3-30b-a3b"), TestCase("qwen3-235b-a22b"), TestCase("qwen3-vl-4b"), TestCase("qwen3-vl-8b")]
    [TestCase("kimi-k2"), TestCase("granite-3.0*"), TestCase("granite-4.0*"), TestCase("tinyllama-1.1b"), TestCase("pythia-70m"), TestCase("codellama*"), TestCase("yi-*")]
    [TestCase("internlm*"), TestCase("baichuan*"), TestCase("gpt2"), TestCase("bloom*"), TestCase("falcon*"), TestCase("mpt*"), TestCase("smollm*"), TestCase("stablelm*"), TestCase("llama-2*"), TestCase("llama-3-*")]
    public void Every_model_that_a_compatibility_document_names_is_in_the_catalogue(string name) =>
        Assert.That(Loaded.Catalogue.Models.Any(m => m.Origin == VariantOrigin.Hub && Glob.TryParse(name, out Glob? glob, out _) && glob.Matches(m.Id)), name);

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
